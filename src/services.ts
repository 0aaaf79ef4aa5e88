import { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import type { IPostgresCluster } from './cluster-reference';
import {
  API_PORT, API_PORT_NAME, HEALTH_PORT, HEALTH_PORT_NAME, POSTGRES_PORT, POSTGRES_PORT_NAME, ROLE_LABEL, ROLE_PRIMARY, ROLE_REPLICA,
} from './contract';
import { checkKeys, clusterLabels, instancesSelector, Labels, orNothing } from './labels';
import { SERVICE_SCRAPE_ANNOTATIONS } from './metrics/exporter';
import { ClusterNames } from './naming';
import { servicePort } from './service-port';
import { isAddressRange, refuse } from './validation';

/** How writes find the primary. */
export enum Routing {
  /** The leader's agent keeps the address of the read-write Service itself, in an EndpointSlice: the fastest way. */
  ENDPOINT_SLICE = 'endpointSlice',
  /**
   * The read-write Service selects the pod with the role label `primary`. Slower; for namespaces whose owner has no rights over
   * EndpointSlices and so cannot grant them.
   */
  SELECTOR = 'selector',
}

/** From where a Service is reached. */
export enum ServiceType {
  /** From within the Kubernetes cluster. */
  CLUSTER_IP = 'ClusterIP',
  /** By a port of every node. */
  NODE_PORT = 'NodePort',
  /** By an address that the cloud, or what stands in for it, gives. */
  LOAD_BALANCER = 'LoadBalancer',
}

/** One Service. */
export interface ServiceOptions {
  /**
   * From where it is reached.
   *
   * @default ServiceType.CLUSTER_IP
   */
  readonly type?: ServiceType;

  /**
   * Annotations of this Service, besides the cluster's: what clouds want to be told of load balancers.
   *
   * @default - none
   */
  readonly annotations?: { [key: string]: string };

  /**
   * Networks from which the load balancer takes connections, as `address/length`. Only with `ServiceType.LOAD_BALANCER`.
   *
   * @example ['10.0.0.0/8', '2001:db8::/32']
   * @default - from everywhere
   */
  readonly loadBalancerSourceRanges?: string[];
}

/** The Services that clients use. */
export interface ClusterServicesOptions {
  /**
   * Whichever instance takes writes now.
   *
   * @default - within the Kubernetes cluster only
   */
  readonly rw?: ServiceOptions;

  /**
   * Replicas that stream.
   *
   * @default - within the Kubernetes cluster only
   */
  readonly ro?: ServiceOptions;

  /**
   * All instances that serve.
   *
   * @default - within the Kubernetes cluster only
   */
  readonly r?: ServiceOptions;
}

/** Properties of `ClusterServices`. */
export interface ClusterServicesProps extends ClusterServicesOptions {
  /** The cluster that the Services belong to. */
  readonly cluster: IPostgresCluster;

  /**
   * How writes find the primary.
   *
   * @default Routing.ENDPOINT_SLICE
   */
  readonly routing?: Routing;

  /**
   * Whether the headless Service carries the annotations that lead a Prometheus to the agents' metrics.
   *
   * @default false
   */
  readonly scrapeAnnotations?: boolean;

  /**
   * Labels of the Services.
   *
   * @default - only the library's own
   */
  readonly labels?: { [key: string]: string };

  /**
   * Annotations of the Services.
   *
   * @default - none
   */
  readonly annotations?: { [key: string]: string };
}

/**
 * The Services of a cluster.
 */
export class ClusterServices extends Construct {
  /** Whichever instance takes writes now. */
  public readonly readWrite: ApiObject;
  /** Replicas that stream. */
  public readonly readOnly: ApiObject;
  /** All instances that serve. */
  public readonly read: ApiObject;
  /** Headless: gives each instance's pod a DNS name of its own, ready or not, `<pod>.<service>.<namespace>.svc`. */
  public readonly instances: ApiObject;

  constructor(scope: Construct, id: string, props: ClusterServicesProps) {
    super(scope, id);
    const names = new ClusterNames(props.cluster.clusterName);
    const all = instancesSelector(props.cluster.clusterName);
    const role = (name: string): Labels => ({ ...all, [ROLE_LABEL]: name });
    const bySelector = props.routing === Routing.SELECTOR;

    for (const name of ['rw', 'ro', 'r'] as const) checkService(this, `services.${name}`, props[name] ?? {});
    this.readWrite = this.service('read-write', names.readWriteService, props, { ...PLAIN, selector: bySelector ? role(ROLE_PRIMARY) : undefined }, props.rw);
    this.readOnly = this.service('read-only', names.readOnlyService, props, { ...PLAIN, selector: role(ROLE_REPLICA) }, props.ro);
    this.read = this.service('read', names.readService, props, { ...PLAIN, selector: all }, props.r);
    const scraped = props.scrapeAnnotations ? { ...SERVICE_SCRAPE_ANNOTATIONS, ...props.annotations } : props.annotations;
    this.instances = this.service('instances', names.instancesService, { ...props, annotations: scraped }, { ...HEADLESS, selector: all });
  }

  private service(id: string, name: string, props: ClusterServicesProps, spec: k8s.ServiceSpec, own: ServiceOptions = {}): ApiObject {
    return new ApiObject(this, id, k8s.KubeService.manifest({
      metadata: {
        name,
        labels: clusterLabels(props.cluster.clusterName, props.labels),
        annotations: orNothing({ ...props.annotations, ...own.annotations }),
      },
      spec: { ...spec, type: own.type ?? spec.type, loadBalancerSourceRanges: own.loadBalancerSourceRanges },
    }));
  }
}

function checkService(scope: Construct, prop: string, { type, annotations, loadBalancerSourceRanges }: ServiceOptions): void {
  checkKeys(scope, `${prop}.annotations`, annotations);
  if (!loadBalancerSourceRanges) return;
  if (type !== ServiceType.LOAD_BALANCER) {
    refuse(scope, `${prop}.loadBalancerSourceRanges`, `is given for a Service of type ${type ?? ServiceType.CLUSTER_IP}, which takes no notice of it`,
      'use ServiceType.LOAD_BALANCER, or leave it out');
  }
  for (const range of loadBalancerSourceRanges) {
    if (!isAddressRange(range)) refuse(scope, `${prop}.loadBalancerSourceRanges`, `has "${range}"`, 'give networks like "10.0.0.0/8"');
  }
}

const PLAIN: k8s.ServiceSpec = {
  type: 'ClusterIP',
  sessionAffinity: 'None',
  ports: [servicePort(POSTGRES_PORT_NAME, POSTGRES_PORT)],
};

const HEADLESS: k8s.ServiceSpec = {
  type: 'ClusterIP',
  clusterIp: 'None',
  sessionAffinity: 'None',
  // Instances find and copy from each other before they are ready.
  publishNotReadyAddresses: true,
  ports: [servicePort(POSTGRES_PORT_NAME, POSTGRES_PORT), servicePort(HEALTH_PORT_NAME, HEALTH_PORT), servicePort(API_PORT_NAME, API_PORT)],
};

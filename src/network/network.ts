import { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { NetworkPeer } from './peer';
import { componentPolicy, ComponentPolicy, Flow, flow, fromEverybody, ofComponent, tcp } from './policy';
import type { ClusterBackups } from '../backups/backups';
import type { IPostgresCluster } from '../cluster-reference';
import { API_PORT, COMPONENT_BACKUP, COMPONENT_INSTANCE, COMPONENT_POOLER, COMPONENT_REPO, EXPORTER_PORT, HEALTH_PORT, PGBACKREST_PORT, POSTGRES_PORT } from '../contract';
import { clusterLabels, orNothing } from '../labels';
import type { MetricsOptions } from '../metrics/options';
import { ClusterNames } from '../naming';
import { ClusterServicesOptions, ServiceType } from '../services';

/** Who may connect to a cluster's pods. */
export interface NetworkOptions {
  /**
   * Whether NetworkPolicies are made. They hold only where the network of the Kubernetes cluster enforces them.
   *
   * @default true
   */
  readonly policies?: boolean;

  /**
   * Who may connect to PostgreSQL, besides the cluster's own pods and those that `connections.allowFrom` adds. What is given here holds for
   * those outside of Kubernetes too.
   *
   * @example [NetworkPeer.pods({ labels: { app: 'shop' } })]
   * @default - `NetworkPeer.sameNamespace()`; and everybody to the instances, where any of `services` is a load balancer or a port of every node
   */
  readonly clients?: NetworkPeer[];

  /**
   * Who may read health, status and metrics over HTTP, which tell nothing of the data. Probes of the kubelet always may. The command line
   * reads the status through the API server, which is no pod: where scrapers are given, give its addresses too.
   *
   * @default - health, status and the agents' metrics everybody; the exporter `NetworkPeer.anyPod()`
   */
  readonly scrapers?: NetworkPeer[];

  /**
   * What the pods may reach, if that is to be limited at all: nobody knows the API server's address at synth, and a primary that is cut off
   * from it stops.
   *
   * @default - everything
   */
  readonly egress?: EgressOptions;
}

/** What a cluster's pods may reach besides each other. */
export interface EgressOptions {
  /**
   * The API server, as the pods reach it, on any port: without it no instance may lead. Most networks look at the address behind the Service
   * `kubernetes`.
   *
   * @example [NetworkPeer.cidr('10.0.0.10/32')]
   */
  readonly apiServer: NetworkPeer[];

  /**
   * The DNS servers.
   *
   * @default [NetworkPeer.namespace('kube-system')]
   */
  readonly dns?: NetworkPeer[];

  /**
   * Whatever else, like the servers of an S3 repo; on all ports.
   *
   * @default - nothing
   */
  readonly others?: NetworkPeer[];
}

/** Properties of `ClusterNetwork`. */
export interface ClusterNetworkProps extends NetworkOptions {
  /** The cluster whose pods are guarded. */
  readonly cluster: IPostgresCluster;

  /**
   * The cluster's backups: with any, there are pgBackRest's servers, and perhaps a repo host.
   *
   * @default - none
   */
  readonly backups?: ClusterBackups;

  /**
   * What the cluster tells Prometheus: with anything, there is an exporter beside each server.
   *
   * @default - nothing
   */
  readonly metrics?: MetricsOptions;

  /**
   * How the cluster's Services are reached.
   *
   * @default - within the Kubernetes cluster only
   */
  readonly services?: ClusterServicesOptions;

  /**
   * Labels of the policies.
   *
   * @default - only the library's own
   */
  readonly labels?: { [key: string]: string };

  /**
   * Annotations of the policies.
   *
   * @default - none
   */
  readonly annotations?: { [key: string]: string };
}

/**
 * The NetworkPolicies of a cluster: each component's pods are reached by those who need them, on the ports that they need, and by nobody else.
 */
export class ClusterNetwork extends Construct {
  /** Policy of the instances, for patches; absent without `policies`. */
  public readonly instancesPolicy?: ApiObject;
  /** Policy of the repo host, where there is one. */
  public readonly repoPolicy?: ApiObject;

  private readonly clients: NetworkPeer[];
  private readonly outside: NetworkPeer[];
  private readonly scrapers?: NetworkPeer[];
  private readonly guard?: Guard;

  constructor(scope: Construct, id: string, props: ClusterNetworkProps) {
    super(scope, id);
    const { clusterName } = props.cluster;
    const names = new ClusterNames(clusterName);
    this.scrapers = props.scrapers;
    this.clients = [...props.clients ?? [NetworkPeer.sameNamespace()]];
    this.outside = props.clients === undefined && reachedFromOutside(props.services) ? EVERYWHERE : [];
    if (props.policies === false) return;
    const common: Guard = {
      cluster: clusterName,
      labels: clusterLabels(clusterName, props.labels),
      annotations: orNothing(props.annotations),
      egress: props.egress && (() => egressFlows(clusterName, props.egress!)),
    };
    this.guard = common;
    this.instancesPolicy = componentPolicy(this, 'instances', {
      ...common, name: names.instancesPolicy, component: COMPONENT_INSTANCE, ingress: () => this.toInstances(props),
    });
    if (props.backups?.repoHost) {
      this.repoPolicy = componentPolicy(this, 'repo', { ...common, name: names.repoPolicy, component: COMPONENT_REPO, ingress: () => this.toRepoHost(props) });
    }
  }

  /**
   * Lets more peers connect to PostgreSQL.
   *
   * @param peers who
   */
  public allowFrom(...peers: NetworkPeer[]): void {
    this.clients.push(...peers);
  }

  /**
   * The policy of the pooler's pods, made by its own construct: it lets in whom PostgreSQL lets in.
   *
   * @internal
   */
  public _guardPooler(scope: Construct, id: string): ApiObject | undefined {
    if (!this.guard) return undefined;
    const name = new ClusterNames(this.guard.cluster).poolerPolicy;
    return componentPolicy(scope, id, {
      ...this.guard, name, component: COMPONENT_POOLER, ingress: () => [flow(this.clients, POSTGRES_PORT), toHealth(this.scrapers)],
    });
  }

  private toInstances(props: ClusterNetworkProps): Flow[] {
    const { clusterName } = props.cluster;
    const [instances, pooler, repoHost, requests] = [COMPONENT_INSTANCE, COMPONENT_POOLER, COMPONENT_REPO, COMPONENT_BACKUP].map((c) => ofComponent(clusterName, c));
    return [
      // Replication, elections; pgBackRest copies from a replica on the leader's behalf.
      flow([instances], POSTGRES_PORT, API_PORT, ...props.backups ? [PGBACKREST_PORT] : []),
      flow([pooler], POSTGRES_PORT),
      ...props.backups?.repoHost ? [flow([repoHost], API_PORT, PGBACKREST_PORT)] : [],
      ...props.backups && !props.backups.repoHost ? [flow([requests], API_PORT)] : [],
      flow([...this.clients, ...this.outside], POSTGRES_PORT),
      toHealth(props.scrapers),
      ...props.metrics ? [flow(props.scrapers ?? [NetworkPeer.anyPod()], EXPORTER_PORT)] : [],
    ];
  }

  private toRepoHost(props: ClusterNetworkProps): Flow[] {
    const { clusterName } = props.cluster;
    return [
      flow([ofComponent(clusterName, COMPONENT_INSTANCE)], API_PORT, PGBACKREST_PORT),
      flow([ofComponent(clusterName, COMPONENT_BACKUP)], API_PORT),
      toHealth(props.scrapers),
    ];
  }
}

/** The API server asks on behalf of the command line, from a host that no selector of pods matches and whose address nobody knows at synth. */
function toHealth(scrapers?: NetworkPeer[]): Flow {
  return scrapers ? flow(scrapers, HEALTH_PORT) : fromEverybody(HEALTH_PORT);
}

/**
 * Not the load balancer's source ranges, which it keeps itself: a policy may see a node's or the load balancer's address instead of the client's.
 * https://kubernetes.io/docs/concepts/services-networking/network-policies/#behavior-of-ipblock-selectors
 */
const EVERYWHERE = [NetworkPeer.cidr('0.0.0.0/0'), NetworkPeer.cidr('::/0')];

function reachedFromOutside({ rw, ro, r }: ClusterServicesOptions = {}): boolean {
  return [rw, ro, r].some((service) => (service?.type ?? ServiceType.CLUSTER_IP) !== ServiceType.CLUSTER_IP);
}

/** What the policies of all components have in common. */
type Guard = Pick<ComponentPolicy, 'cluster' | 'labels' | 'annotations' | 'egress'>;

/** The cluster's own pods reach each other; who is let in, their ingress says. */
function egressFlows(cluster: string, { apiServer, dns, others }: EgressOptions): Flow[] {
  const own: k8s.NetworkPolicyPeer[] = [COMPONENT_INSTANCE, COMPONENT_REPO].map((component) => ofComponent(cluster, component));
  const udp: k8s.NetworkPolicyPort = { protocol: 'UDP', port: k8s.IntOrString.fromNumber(DNS_PORT) };
  return [
    flow(own),
    flow(apiServer),
    { ...flow(dns ?? [NetworkPeer.namespace('kube-system')]), ports: [udp, tcp(DNS_PORT)] },
    flow(others ?? []),
  ];
}

const DNS_PORT = 53;

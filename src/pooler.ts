import { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { EnvValue } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { account, EVENT_RULES, rule } from './account';
import { givenCertificateSpec } from './certificates';
import { PostgresClusterBase, Shared, Surroundings } from './cluster-base';
import type { IPostgresCluster } from './cluster-reference';
import { COMPONENT_POOLER, CONNECTION_KEYS, GivenCertificateSpec, POOLER_CONNECTION_KEYS, POSTGRES_PORT, POSTGRES_PORT_NAME } from './contract';
import { emptySecret } from './empty-secret';
import { defaultAgentImage, defaultPostgresImage } from './images';
import { DEFAULT_UID } from './instance';
import { checkKeys, clusterLabels, componentSelector, Labels, orNothing } from './labels';
import { ClusterNames } from './naming';
import { checkPoolerParameters, settingsAtStart } from './parameters/pgbouncer';
import { sorted } from './parameters/sorted';
import { PoolerOptions, PoolMode } from './pooler-options';
import { poolerPodSpec } from './pooler-pod';
import { affinity, PodAntiAffinity } from './scheduling';
import { servicePort } from './service-port';
import { ClientTls } from './tls';
import { refuse } from './validation';

/** Properties of `PgBouncer`. */
export interface PgBouncerProps extends PoolerOptions {
  /** The cluster that it stands in front of: one that this program makes, and that has no pooler yet. */
  readonly cluster: IPostgresCluster;
}

/** Most that pgBouncer and a container's file descriptors are good for. */
const MOST_CONNECTIONS = 100_000;

/** Set on the pods, so that they are replaced when one of these changes. */
const START_SETTINGS_ANNOTATION = 'cdk8s-postgres/start-settings';

/**
 * A pgBouncer in front of a cluster: a Deployment and its Service `<cluster>-pooler`. Its agent points it to the primary, holds clients back
 * while there is none, and takes changed settings and certificates over; no client is dropped for any of these. Users log in with the same
 * passwords as in PostgreSQL, and as `tls` of the cluster says.
 *
 * @example
 * new PgBouncer(chart, 'pooler', { cluster: orders, mode: PoolMode.TRANSACTION });
 */
export class PgBouncer extends Construct {
  /** Host name of the pooler, within the namespace. */
  public readonly host: string;
  /** Its port. */
  public readonly port: number = POSTGRES_PORT;
  /** The Deployment, for patches. */
  public readonly deployment: ApiObject;
  /** The Service, for patches. */
  public readonly service: ApiObject;

  private readonly cluster: IPostgresCluster;

  constructor(scope: Construct, id: string, props: PgBouncerProps) {
    super(scope, id);
    const { clusterName } = props.cluster;
    const names = new ClusterNames(clusterName);
    const { shared, network, settings, instances, certificate } = this.checked(props, names);
    const common: Metadata = {
      labels: clusterLabels(clusterName, { ...shared.labels, ...props.labels }),
      annotations: orNothing({ ...shared.annotations, ...props.annotations }),
    };
    this.cluster = props.cluster;
    this.host = names.poolerService;
    this.service = new ApiObject(this, 'service', k8s.KubeService.manifest({
      metadata: { name: names.poolerService, ...common },
      spec: {
        type: 'ClusterIP',
        sessionAffinity: 'None',
        ports: [servicePort(POSTGRES_PORT_NAME, POSTGRES_PORT)],
        selector: componentSelector(clusterName, COMPONENT_POOLER),
      },
    }));
    emptySecret(this, 'certificate', { name: names.pooler, ...common });
    this.identity(names, common, certificate);
    this.deployment = this.pods(names, common, { ...props, instances }, shared, settings);
    if (instances > 1) this.disruptionBudget(names, common);
    network._guardPooler(this, 'network-policy');
  }

  /**
   * Environment variables for a client of this user that goes through the pooler, each read from one key of the connection Secret:
   * `PGHOST`, `PGPORT`, `PGDATABASE`, `PGUSER`, `PGPASSWORD`, `DATABASE_URL` and `JDBC_DATABASE_URL`.
   *
   * @param user a user of the cluster
   */
  public envFor(user: string): { [variable: string]: EnvValue } {
    const secret = this.cluster.connectionSecret(user);
    return {
      PGHOST: secret.envValue(POOLER_CONNECTION_KEYS.host),
      PGPORT: secret.envValue(POOLER_CONNECTION_KEYS.port),
      PGDATABASE: secret.envValue(CONNECTION_KEYS.database),
      PGUSER: secret.envValue(CONNECTION_KEYS.user),
      PGPASSWORD: secret.envValue(CONNECTION_KEYS.password),
      DATABASE_URL: secret.envValue(POOLER_CONNECTION_KEYS.uri),
      JDBC_DATABASE_URL: secret.envValue(POOLER_CONNECTION_KEYS.jdbcUri),
    };
  }

  /** Joins the cluster, whose agents make its certificate, role and lookup function. */
  private checked(props: PgBouncerProps, names: ClusterNames): Checked {
    const { cluster, instances = 2, parameters = {} } = props;
    checkKeys(this, 'labels', props.labels);
    checkKeys(this, 'annotations', props.annotations);
    checkPoolerParameters(this, parameters);
    if (!Number.isInteger(instances) || instances < 1) refuse(this, 'instances', `is ${instances}`, 'give a whole number from 1 on');
    if (props.image === '') refuse(this, 'image', 'is ""', 'name an image, or leave it out for the cluster\'s');
    if (!(cluster instanceof PostgresClusterBase)) refuse(this, 'cluster', `is "${cluster.clusterName}", which is none of this library`, 'give a PostgresCluster');
    const sizes = this.sizes(props);
    const settings = sorted({ ...parameters, ...sizes, pool_mode: props.mode ?? PoolMode.SESSION });
    const surroundings = cluster._surroundingsOf(this);
    const certificate = givenCertificateSpec(this, '', props, surroundings.secrets, surroundings.shared.tls);
    cluster._join({ service: names.poolerService, secret: names.pooler, certificate, settings });
    const vain = surroundings.shared.tls === ClientTls.DISABLE && Object.keys(parameters).find((name) => name.startsWith('client_tls_'));
    if (vain) refuse(this, `parameters.${vain}`, 'is given, and "tls" of the cluster is "disable"', 'leave one of them out');
    return { ...surroundings, settings, instances, certificate };
  }

  private sizes(props: PgBouncerProps): { [name: string]: string } {
    const size = (prop: string, value: number, least: number): string => {
      if (!Number.isInteger(value) || value < least || value > MOST_CONNECTIONS) {
        refuse(this, prop, `is ${value}`, `give a whole number from ${least} to ${MOST_CONNECTIONS}`);
      }
      return `${value}`;
    };
    const { poolSize = 20, minPoolSize = 0, reservePoolSize = 0, maxClientConnections = 1000, maxDatabaseConnections = 0 } = props;
    if (minPoolSize > poolSize) refuse(this, 'minPoolSize', `is ${minPoolSize}, and "poolSize" ${poolSize}`, 'give no more than that');
    return {
      default_pool_size: size('poolSize', poolSize, 1),
      min_pool_size: size('minPoolSize', minPoolSize, 0),
      reserve_pool_size: size('reservePoolSize', reservePoolSize, 0),
      max_client_conn: size('maxClientConnections', maxClientConnections, 1),
      max_db_connections: size('maxDatabaseConnections', maxDatabaseConnections, 0),
    };
  }

  /** It reads its certificate, its settings and who leads, and writes nothing but Events. */
  private identity(names: ClusterNames, common: Metadata, certificate?: GivenCertificateSpec): void {
    const reads = ['get', 'list', 'watch'];
    account(this, { name: names.pooler, ...common }, () => [
      rule('', 'secrets', reads, [names.pooler]),
      // What somebody else keeps is asked for now and then.
      ...certificate ? [rule('', 'secrets', ['get'], [certificate.secret])] : [],
      rule('', 'configmaps', reads, [names.spec]),
      rule('coordination.k8s.io', 'leases', reads, [names.lease]),
      ...EVENT_RULES,
    ]);
  }

  private pods(
    names: ClusterNames, common: Metadata, props: PgBouncerProps & { readonly instances: number }, shared: Shared, settings: { [name: string]: string },
  ): ApiObject {
    const { clusterName } = props.cluster;
    const selector = componentSelector(clusterName, COMPONENT_POOLER);
    const podAntiAffinity = props.podAntiAffinity ?? PodAntiAffinity.PREFERRED;
    const labels = { ...common.labels, ...selector };
    const atStart = settingsAtStart(settings);
    return new ApiObject(this, 'deployment', k8s.KubeDeployment.manifest({
      metadata: { name: names.pooler, labels, annotations: common.annotations },
      spec: {
        replicas: props.instances,
        revisionHistoryLimit: 10,
        selector: { matchLabels: selector },
        // A further pod may have no node of its own to go to.
        strategy: podAntiAffinity === PodAntiAffinity.REQUIRED ? roll(1, 0) : roll(0, 1),
        template: {
          metadata: {
            labels,
            annotations: orNothing({
              ...common.annotations,
              ...Object.keys(atStart).length > 0 && { [START_SETTINGS_ANNOTATION]: JSON.stringify(atStart) },
            }),
          },
          spec: poolerPodSpec({
            specConfigMap: names.spec,
            serviceAccount: names.pooler,
            image: props.image ?? shared.images?.postgres ?? defaultPostgresImage(shared.version.version),
            agentImage: shared.images?.agent ?? defaultAgentImage(),
            uid: shared.uid ?? DEFAULT_UID,
            resources: props.resources,
            affinity: affinity({ siblings: selector, podAntiAffinity }),
          }),
        },
      },
    }));
  }

  private disruptionBudget(names: ClusterNames, common: Metadata): void {
    new ApiObject(this, 'disruption-budget', k8s.KubePodDisruptionBudget.manifest({
      metadata: { name: names.poolerDisruptionBudget, ...common },
      spec: {
        maxUnavailable: k8s.IntOrString.fromNumber(1),
        selector: { matchLabels: componentSelector(this.cluster.clusterName, COMPONENT_POOLER) },
        unhealthyPodEvictionPolicy: 'AlwaysAllow',
      },
    }));
  }
}

interface Checked extends Surroundings {
  readonly settings: { [name: string]: string };
  readonly instances: number;
  readonly certificate?: GivenCertificateSpec;
}

interface Metadata {
  readonly labels: Labels;
  readonly annotations?: Labels;
}

function roll(maxUnavailable: number, maxSurge: number): k8s.DeploymentStrategy {
  return {
    type: 'RollingUpdate',
    rollingUpdate: { maxUnavailable: k8s.IntOrString.fromNumber(maxUnavailable), maxSurge: k8s.IntOrString.fromNumber(maxSurge) },
  };
}

import { ApiObject, Lazy } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { PASSWD_KEY } from './agent-pod';
import type { ClusterBackups } from './backups/backups';
import type { Bootstrap } from './bootstrap';
import { CertificateOptions, certificatesSpec } from './certificates';
import { poolerOf } from './cluster-base';
import type { IPostgresCluster } from './cluster-reference';
import { ConfigSource, configFiles } from './config-source';
import type { ClusterSpec, InstanceSpec, ObjectNames } from './contract';
import { SPEC_KEY, SPEC_VERSION } from './contract';
import { DatabaseOptions, resolveDatabases, UserOptions } from './databases';
import { FailoverOptions, timingOf } from './failover';
import { HbaRule, hbaRules } from './hba';
import { DEFAULT_UID, PostgresInstance } from './instance';
import { clusterLabels, orNothing } from './labels';
import type { MetricsOptions } from './metrics/options';
import { ClusterNames } from './naming';
import { checkParameters } from './parameters/check';
import { sorted } from './parameters/sorted';
import { Replication } from './replication';
import { Routing } from './services';
import { ClientTls, clientTlsSpec } from './tls';
import { PostgresVersion } from './version';

/** Properties of `ClusterSpecification`. */
export interface ClusterSpecificationProps {
  /** The cluster that is specified. */
  readonly cluster: IPostgresCluster;

  /** The version of PostgreSQL. */
  readonly version: PostgresVersion;

  /** All instances of the cluster. */
  readonly instances: PostgresInstance[];

  /**
   * Settings of postgresql.conf.
   *
   * @default - PostgreSQL's own
   */
  readonly parameters?: { [name: string]: string };

  /**
   * Files of postgresql.conf that somebody else keeps.
   *
   * @default - none
   */
  readonly configuration?: ConfigSource[];

  /**
   * How commits reach the replicas.
   *
   * @default Replication.asynchronous()
   */
  readonly replication?: Replication;

  /**
   * What the agents do when the primary is lost.
   *
   * @default - it counts as lost after 10 seconds without a word
   */
  readonly failover?: FailoverOptions;

  /**
   * How writes find the primary.
   *
   * @default Routing.ENDPOINT_SLICE
   */
  readonly routing?: Routing;

  /**
   * Databases, created where they are missing and never dropped.
   *
   * @default - one, named as its owner, the first user
   */
  readonly databases?: DatabaseOptions[];

  /** Users, at least one, created where they are missing and never dropped. */
  readonly users: UserOptions[];

  /**
   * What is backed up where.
   *
   * @default - nothing
   */
  readonly backups?: ClusterBackups;

  /**
   * What the cluster tells Prometheus: with anything, the agents prepare what the exporter needs, its role and its certificate.
   *
   * @default - nothing
   */
  readonly metrics?: MetricsOptions;

  /**
   * What the cluster begins with.
   *
   * @default - empty databases
   */
  readonly bootstrap?: Bootstrap;

  /**
   * The cluster's certificates.
   *
   * @default - its own, valid for a year
   */
  readonly certificates?: CertificateOptions;

  /**
   * Who gets in how, in order.
   *
   * @default - users over TLS with their password
   */
  readonly hba?: HbaRule[];

  /**
   * What applications must do about TLS.
   *
   * @default ClientTls.REQUIRE
   */
  readonly tls?: ClientTls;

  /**
   * The user id that the instances run as.
   *
   * @default 26
   */
  readonly uid?: number;

  /**
   * Labels of the ConfigMap.
   *
   * @default - only the library's own
   */
  readonly labels?: { [key: string]: string };

  /**
   * Annotations of the ConfigMap.
   *
   * @default - none
   */
  readonly annotations?: { [key: string]: string };
}

/**
 * The one document by which Git tells the agents what should be true. They read it through the API, so that no change of it restarts a pod.
 */
export class ClusterSpecification extends Construct {
  constructor(scope: Construct, id: string, props: ClusterSpecificationProps) {
    super(scope, id);
    checkParameters(this, props.version.major, props.parameters ?? {});
    const { clusterName } = props.cluster;
    const document = this.document(new ClusterNames(clusterName), props);
    new ApiObject(this, 'Resource', k8s.KubeConfigMap.manifest({
      metadata: {
        name: new ClusterNames(clusterName).spec,
        labels: clusterLabels(clusterName, props.labels),
        annotations: orNothing(props.annotations),
      },
      data: {
        // A pooler may join the cluster after it was made.
        [SPEC_KEY]: Lazy.any({ produce: () => `${JSON.stringify({ ...document, pooler: poolerOf(props.cluster) }, null, 2)}\n` }),
        [PASSWD_KEY]: passwdFile(props.uid ?? DEFAULT_UID),
      },
    }));
  }

  private document(names: ClusterNames, props: ClusterSpecificationProps): ClusterSpec {
    const { users } = props;
    const databases = resolveDatabases(this, users, props.databases);
    return {
      specVersion: SPEC_VERSION,
      cluster: props.cluster.clusterName,
      postgresVersion: props.version.major,
      objects: { ...objectNames(names), ...props.metrics && { monitoringSecret: names.monitoringSecret } },
      instances: props.instances.map((instance) => instanceSpec(names, instance)),
      parameters: sorted(props.parameters ?? {}),
      configuration: configFiles(this, 'configuration', props.configuration),
      replication: (props.replication ?? Replication.asynchronous())._toSpec(),
      routing: props.routing ?? Routing.ENDPOINT_SLICE,
      databases,
      users: users.map(({ name, database }) => ({
        name,
        secret: names.userSecret(name),
        database: database ?? (databases.find(({ owner }) => owner === name) ?? databases[0]).name,
      })),
      timing: timingOf(props.failover),
      backups: props.backups?._toSpec(),
      bootstrap: props.bootstrap?._toSpec(this, props.backups?._toSpec()),
      certificates: props.certificates && certificatesSpec(this, props.certificates, ownSecrets(names, users), props.tls),
      hba: props.hba && hbaRules(this, props.hba, props.tls),
      clientTls: clientTlsSpec(this, users, props.tls),
    };
  }
}

/** All Secrets that the agents fill, or may come to fill. */
export function ownSecrets(names: ClusterNames, users: readonly { readonly name: string }[]): string[] {
  return [
    names.authoritySecret, names.serverSecret, names.replicationSecret, names.rewindSecret, names.agentSecret, names.monitoringSecret,
    ...Object.values(names.accessSecrets),
    names.pgBackRestSecret, names.backupSecret, names.pooler, ...users.map(({ name }) => names.userSecret(name)),
  ];
}

function objectNames(names: ClusterNames): ObjectNames {
  return {
    lease: names.lease,
    state: names.state,
    endpointSlice: names.endpointSlice,
    readWriteService: names.readWriteService,
    readOnlyService: names.readOnlyService,
    readService: names.readService,
    instancesService: names.instancesService,
    authoritySecret: names.authoritySecret,
    serverSecret: names.serverSecret,
    replicationSecret: names.replicationSecret,
    rewindSecret: names.rewindSecret,
    agentSecret: names.agentSecret,
    accessSecrets: names.accessSecrets,
  };
}

function instanceSpec(names: ClusterNames, instance: PostgresInstance): InstanceSpec {
  return {
    name: instance.instanceName,
    statefulSet: names.statefulSet(instance.instanceName),
    pod: instance.podName,
    dataClaim: instance.volumes.dataClaimName,
    givenVolume: instance.volumes._data.given,
    dataPath: instance._dataPath,
    walVolume: instance.volumes._wal !== undefined,
    tablespaces: Object.keys(instance.volumes._tablespaces),
    retire: instance.retire,
  };
}

/** initdb asks the system for the name of the user that it runs as, and images do not know every uid. */
function passwdFile(uid: number): string {
  return [
    'root:x:0:0:root:/:/usr/sbin/nologin',
    // The home is where anybody may write, for the likes of .psql_history.
    `postgres:x:${uid}:${uid}:PostgreSQL:/tmp:/bin/sh`,
    '',
  ].join('\n');
}

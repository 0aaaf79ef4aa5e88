import type { ContainerResources } from 'cdk8s-plus-28';
import type { BackupOptions } from './backups/backups';
import type { Bootstrap } from './bootstrap';
import type { CertificateOptions } from './certificates';
import type { ConfigSource } from './config-source';
import type { DatabaseOptions, UserOptions } from './databases';
import type { FailoverOptions } from './failover';
import type { HbaRule } from './hba';
import type { ImageOptions } from './images';
import type { InstanceOptions } from './instance';
import type { ClusterMetadataOptions } from './metadata';
import type { MetricsOptions } from './metrics/options';
import type { NetworkOptions } from './network/network';
import type { PoolerOptions } from './pooler-options';
import type { Replication } from './replication';
import type { PodAntiAffinity } from './scheduling';
import type { ClusterServicesOptions, Routing } from './services';
import type { StorageOptions, TablespaceOptions, VolumeAccessMode } from './storage';
import type { ClientTls } from './tls';
import type { PostgresVersion } from './version';

/** Properties of `PostgresCluster`. */
export interface PostgresClusterProps {
  /**
   * The cluster's name: lower-case letters, digits and dashes, a letter first, at most 63 characters, once in a namespace. With the namespace
   * it says which cluster this is: another name is another, empty cluster, while moving the construct within the program changes nothing.
   *
   * @default - the construct's id
   */
  readonly name?: string;

  /**
   * The version of PostgreSQL. There is no default, because a default would one day change under a running cluster.
   *
   * @example PostgresVersion.V17
   */
  readonly version: PostgresVersion;

  /**
   * How many instances there are, named 1 to n: one primary, the others replicas. Three survive the loss of one and still have a spare.
   * Not together with `instanceList`.
   *
   * @default 3
   */
  readonly instances?: number;

  /**
   * The instances one by one, for zones, sizes or names of their own. Not together with `instances`; the same instances give the same output.
   *
   * @default - `instances`
   */
  readonly instanceList?: InstanceOptions[];

  /** The volume for each instance's data directory. */
  readonly storage: StorageOptions;

  /**
   * Where the data directory lies within its volume: a relative path. Fixed for the life of the volumes.
   *
   * @default 'data'
   */
  readonly dataPath?: string;

  /**
   * A volume in each instance for the write-ahead log alone, no smaller than the parameter `max_wal_size`.
   *
   * @default - the log lies on the data volume
   */
  readonly walStorage?: StorageOptions;

  /**
   * Tablespaces, each with a volume of its own in each instance.
   *
   * @default - none
   */
  readonly tablespaces?: TablespaceOptions[];

  /**
   * How the volumes may be mounted. Fixed for the life of a volume.
   *
   * @default [VolumeAccessMode.READ_WRITE_ONCE]
   */
  readonly accessModes?: VolumeAccessMode[];

  /**
   * Container images.
   *
   * @default - this project's
   */
  readonly images?: ImageOptions;

  /**
   * User and group id that PostgreSQL runs as and that owns the files on its volumes. Fixed for the life of the cluster.
   *
   * @default 26
   */
  readonly uid?: number;

  /**
   * CPU and memory of each instance. Only what is set is written out.
   *
   * @default - none
   */
  readonly resources?: ContainerResources;

  /**
   * Settings of postgresql.conf, as PostgreSQL spells them. Unknown ones are refused, and so are those that the agents keep.
   *
   * @example { shared_buffers: '1GB', 'auto_explain.log_min_duration': '500ms' }
   * @default - PostgreSQL's own
   */
  readonly parameters?: { [name: string]: string };

  /**
   * Files of postgresql.conf that somebody else keeps in ConfigMaps and Secrets of the namespace. `parameters` outranks them, a later file an
   * earlier one. Settings that the agents keep are refused, and so is what PostgreSQL itself refuses: the last good settings stay in force. Changes
   * are taken over within seconds by a reload; what waits for a restart is told.
   *
   * @example [ConfigSource.configMap('tuning', { key: 'custom.conf' })]
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
   * Whether instances keep away from each other's nodes.
   *
   * @default PodAntiAffinity.PREFERRED
   */
  readonly podAntiAffinity?: PodAntiAffinity;

  /**
   * Databases, created where they are missing and never dropped.
   *
   * @default - one, named as its owner, the first user
   */
  readonly databases?: DatabaseOptions[];

  /**
   * Users, created where they are missing and never dropped. Each gets a connection Secret.
   *
   * @default - one, `app`
   */
  readonly users?: UserOptions[];

  /**
   * Backups and continuous archiving, by pgBackRest.
   *
   * @example { repos: [PgBackRestRepo.posix({ storage: { size: Size.gibibytes(200) } })], schedules: [BackupSchedule.full('0 1 * * *')] }
   * @default - none
   */
  readonly backups?: BackupOptions;

  /**
   * What the cluster tells Prometheus: `{}` puts an exporter into each instance's pod.
   *
   * @example { podMonitor: true, alerts: true, dashboard: true }
   * @default - no exporter; the agents' own metrics are there all the same, at `/metrics` of port 8008
   */
  readonly metrics?: MetricsOptions;

  /**
   * Who may connect to the cluster's pods.
   *
   * @example { clients: [NetworkPeer.pods({ labels: { app: 'shop' } })] }
   * @default - NetworkPolicies that let the cluster's own namespace connect to PostgreSQL
   */
  readonly network?: NetworkOptions;

  /**
   * What a new cluster begins with. Says nothing any more once the cluster has data.
   *
   * @example Bootstrap.fromBackup({ repo: PgBackRestRepo.s3({...}), stanza: 'orders', target: RecoveryTarget.time('2026-05-04T12:59:30Z') })
   * @default - empty databases
   */
  readonly bootstrap?: Bootstrap;

  /**
   * A pgBouncer in front of the cluster, for more clients than PostgreSQL takes connections.
   *
   * @example { mode: PoolMode.TRANSACTION, poolSize: 30 }
   * @default - none
   */
  readonly pooler?: PoolerOptions;

  /**
   * Certificates: how long the cluster's own are valid, and one of yours for PostgreSQL's clients.
   *
   * @example { serverTlsSecret: 'orders-tls', duration: Duration.days(90) }
   * @default - the cluster's own authority and certificates, valid for a year and renewed by the agents
   */
  readonly certificates?: CertificateOptions;

  /**
   * What applications must do about TLS, at PostgreSQL and at the pooler. Changed without a restart, for connections that begin from then on. The
   * cluster's own connections use verified TLS whatever it says.
   *
   * @example ClientTls.VERIFY
   * @default ClientTls.REQUIRE
   */
  readonly tls?: ClientTls;

  /**
   * Rules of pg_hba.conf: who gets in how, the first that fits a connection decides. They come after those of the cluster's own roles and before
   * the last one, which lets users in with their password and what `tls` says. Changed without a restart.
   *
   * @example [{ users: ['report'], address: '10.0.0.0/8', method: HbaMethod.SCRAM_SHA_256 }, { users: ['report'], method: HbaMethod.REJECT }]
   * @default - users over TLS with their password
   */
  readonly hba?: HbaRule[];

  /**
   * Labels of all objects and pods.
   *
   * @default - only the library's own
   */
  readonly labels?: { [key: string]: string };

  /**
   * Annotations of all objects and pods.
   *
   * @default - only the library's own
   */
  readonly annotations?: { [key: string]: string };

  /**
   * Labels and annotations of the instances or the backup repository alone; the pooler's are among its own options.
   *
   * @default - none
   */
  readonly metadata?: ClusterMetadataOptions;

  /**
   * How the Services are reached.
   *
   * @example { rw: { type: ServiceType.LOAD_BALANCER, loadBalancerSourceRanges: ['10.0.0.0/8'] } }
   * @default - within the Kubernetes cluster only
   */
  readonly services?: ClusterServicesOptions;
}

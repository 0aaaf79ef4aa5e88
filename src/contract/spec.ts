import type { AccessLevel } from './secrets';
import type { Timing } from './timing';

/** The version of the spec document that this library writes. Agents ignore fields that they do not know (I42). */
export const SPEC_VERSION = 1;
/** The key of the spec ConfigMap that holds the document as JSON. */
export const SPEC_KEY = 'spec.json';

/** The run-time settings of a cluster: the one document by which Git tells the agents what should be true. */
export interface ClusterSpec {
  readonly specVersion: typeof SPEC_VERSION;
  readonly cluster: string;
  /** The PostgreSQL major version, like `17`. */
  readonly postgresVersion: string;
  readonly objects: ObjectNames;
  readonly instances: readonly InstanceSpec[];
  /** postgresql.conf settings of the user, as PostgreSQL spells them. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Files of postgresql.conf that somebody else keeps: a later one outranks an earlier one, `parameters` all of them. Absent: none. */
  readonly configuration?: readonly ConfigFileSpec[];
  readonly replication: ReplicationSpec;
  readonly routing: Routing;
  readonly databases: readonly DatabaseSpec[];
  readonly users: readonly UserSpec[];
  /** Absent where the cluster has none. */
  readonly pooler?: PoolerSpec;
  readonly timing: Timing;
  /** Absent: nothing is archived or backed up. */
  readonly backups?: BackupsSpec;
  /** Absent: a new cluster begins empty. */
  readonly bootstrap?: BootstrapSpec;
  /** Absent: the cluster's own certificates alone, valid for a year. */
  readonly certificates?: CertificatesSpec;
  /** Rules of pg_hba.conf for clients, in order, before the one for all others; absent: none. */
  readonly hba?: readonly HbaRuleSpec[];
  /** Absent: `require`. */
  readonly clientTls?: ClientTlsSpec;
}

/** Names of the objects that agents read or write, so that only the constructs know how names are made. */
export interface ObjectNames {
  readonly lease: string;
  readonly state: string;
  /** The EndpointSlice that the leader owns. */
  readonly endpointSlice: string;
  readonly readWriteService: string;
  readonly readOnlyService: string;
  readonly readService: string;
  /** The headless Service that gives each instance's pod its DNS name. */
  readonly instancesService: string;
  readonly authoritySecret: string;
  readonly serverSecret: string;
  readonly replicationSecret: string;
  readonly rewindSecret: string;
  readonly agentSecret: string;
  /** Only where metrics are on: the client certificate of the exporter's role. */
  readonly monitoringSecret?: string;
  /** The certificates of those who call the agents' API; absent where an older library wrote the spec. */
  readonly accessSecrets?: Readonly<Record<AccessLevel, string>>;
}

export interface InstanceSpec {
  readonly name: string;
  readonly statefulSet: string;
  readonly pod: string;
  /** Absent where the data volume goes with the pod, and nothing outlives it that could be marked. */
  readonly dataClaim?: string;
  /** The data volume was there before the cluster, so there may be data in it: nobody makes the cluster's first data before that is known. */
  readonly givenVolume?: true;
  /** Where the data directory lies within its volume; absent: `data`. */
  readonly dataPath?: string;
  readonly walVolume: boolean;
  /** Names of the tablespaces that have a volume in this instance. */
  readonly tablespaces: readonly string[];
  /** Drained, switched away from, and reported as safe to remove (architecture.md 12). */
  readonly retire: boolean;
}

/** One key of a ConfigMap or a Secret: a file. */
export interface ConfigFileSpec {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly name: string;
  readonly key: string;
}

export interface ReplicationSpec {
  readonly mode: 'asynchronous';
}

/** `endpointSlice`: the leader owns the slice of the read-write Service. `selector`: that Service selects the role label. */
export type Routing = 'endpointSlice' | 'selector';

export interface DatabaseSpec {
  readonly name: string;
  readonly owner: string;
}

export interface UserSpec {
  readonly name: string;
  /** The connection Secret. */
  readonly secret: string;
  /** The database in the connection Secret. */
  readonly database: string;
}

/** What pgBackRest does for the cluster. */
export interface BackupsSpec {
  /** pgBackRest's name for this cluster, within each repo. */
  readonly stanza: string;
  /** The first is pgBackRest's repo1. */
  readonly repos: readonly RepoSpec[];
  /** Name of the repo host's Service. Where there is one, all backups and expiry run there; else the leader runs them. */
  readonly host?: string;
  /** Certificate of every pgBackRest process, server and client. */
  readonly certificateSecret: string;
  /** Certificate of those who may ask for a backup. */
  readonly requestSecret: string;
  /** Files of pgbackrest.conf that somebody else keeps: a later one outranks an earlier one. Absent: none. */
  readonly configuration?: readonly ConfigFileSpec[];
}

export type RepoSpec = PosixRepoSpec | S3RepoSpec;

interface RepoSpecCommon {
  readonly retention: RetentionSpec;
  /** Where the passphrase stands; absent: not encrypted. */
  readonly cipher?: SecretKeySpec;
}

/** A directory on the repo host. */
export interface PosixRepoSpec extends RepoSpecCommon {
  readonly type: 'posix';
}

export interface S3RepoSpec extends RepoSpecCommon {
  readonly type: 's3';
  readonly endpoint: string;
  readonly bucket: string;
  readonly region: string;
  readonly uriStyle: 'host' | 'path';
  /** Where the repo begins within the bucket; begins with a slash. */
  readonly path: string;
  readonly verifyTls: boolean;
  /** The authority of the server's certificate; absent: the system's. */
  readonly authority?: SecretKeySpec;
  /** `shared`: the keys of `credentialsSecret`; `auto`: the node's role; `web-id`: the pod's. */
  readonly keyType: 'shared' | 'auto' | 'web-id';
  readonly credentialsSecret?: string;
}

/** pgBackRest's repo-retention-*. */
export interface RetentionSpec {
  readonly fullType: 'count' | 'time';
  readonly full: number;
  readonly differential?: number;
}

export interface SecretKeySpec {
  readonly secret: string;
  readonly key: string;
}

/** The backup that a new cluster begins with. Once the cluster has data of its own, it says nothing any more. */
export interface BootstrapSpec {
  readonly repo: S3RepoSpec;
  /** pgBackRest's name for the cluster that was backed up. */
  readonly stanza: string;
  /** The backup's label; absent: the newest that ended before the target. */
  readonly backup?: string;
  readonly target: RecoveryTargetSpec;
}

/** Where recovery ends. `latest`: with the archive; `immediate`: as soon as the data is consistent. */
export type RecoveryTargetSpec =
  | { readonly type: 'latest' | 'immediate' }
  | { readonly type: 'time' | 'lsn' | 'name' | 'xid'; readonly value: string };

export interface CertificatesSpec {
  /** Of the cluster's own certificates; absent: a year, renewed when a third of it is left. */
  readonly validity?: ValiditySpec;
  /** What PostgreSQL shows to those who connect; absent: the cluster's own certificate. */
  readonly server?: GivenCertificateSpec;
}

/** In seconds. */
export interface ValiditySpec {
  readonly duration: number;
  /** A certificate that has less time left than this is renewed. */
  readonly renewBefore: number;
}

/** A certificate that somebody else keeps in a Secret. */
export interface GivenCertificateSpec {
  readonly secret: string;
  /** The DNS name that it must carry, and by which the instances verify each other where it is PostgreSQL's; absent: the host in the connection Secrets. */
  readonly name?: string;
}

/** One line of pg_hba.conf. */
export interface HbaRuleSpec {
  readonly connection: 'hostssl' | 'hostnossl' | 'host';
  /** Empty: all. */
  readonly databases: readonly string[];
  /** Empty: all. */
  readonly users: readonly string[];
  /** `address/length`; absent: all. */
  readonly address?: string;
  readonly method: 'scram-sha-256' | 'cert' | 'reject';
}

/**
 * What applications do about TLS, at PostgreSQL and at the pooler: come without it, with or without, with it, or with it and a certificate of
 * the cluster's own authority. Says nothing about the cluster's own roles.
 */
export type ClientTlsSpec = 'disable' | 'allow' | 'require' | 'verify';

/** As pgBackRest spells them. */
export type BackupType = 'full' | 'diff' | 'incr';

/** The pgBouncer in front of the cluster. */
export interface PoolerSpec {
  readonly service: string;
  /** Its own certificate: of a server to its clients, of the role `cdk8s_pooler` to PostgreSQL. */
  readonly secret: string;
  /** What it shows to its clients; absent: its own. */
  readonly certificate?: GivenCertificateSpec;
  /** Settings of pgbouncer.ini, as pgBouncer spells them. */
  readonly settings: Readonly<Record<string, string>>;
}

/** `instance` runs a PostgreSQL, `repo` the backup repository, `pooler` a pgBouncer (architecture.md, Words). */
export type AgentRole = 'instance' | 'repo' | 'pooler';

/** Environment of the agent's container, all from the downward API or synth. */
export const AGENT_ENV = {
  role: 'CDK8S_POSTGRES_ROLE',
  /** Only in the role `instance`. */
  instance: 'CDK8S_POSTGRES_INSTANCE',
  specConfigMap: 'CDK8S_POSTGRES_SPEC',
  podName: 'POD_NAME',
  podNamespace: 'POD_NAMESPACE',
  podUid: 'POD_UID',
  podIp: 'POD_IP',
  nodeName: 'NODE_NAME',
  /** Set by pgguard, PID 1. */
  bootId: 'PGGUARD_BOOT_ID',
  deadBootIds: 'PGGUARD_DEAD_BOOT_IDS',
} as const;

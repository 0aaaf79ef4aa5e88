/** Keys of the Secrets, which are synthesized without data and filled by the agents (architecture.md 7). */

/** `<cluster>-ca` and every certificate Secret use cert-manager's and kubernetes.io/tls's key names. */
export const CERTIFICATE_KEYS = { certificate: 'tls.crt', key: 'tls.key', authority: 'ca.crt' } as const;

/** Besides, in the pooler's Secret while PostgreSQL may show a certificate that was given: by which authorities its clients know it. */
export const SERVER_AUTHORITY_KEY = 'server-ca.crt';

/** A user's connection Secret. */
export const CONNECTION_KEYS = {
  host: 'host',
  port: 'port',
  database: 'dbname',
  user: 'user',
  password: 'password',
  uri: 'uri',
  jdbcUri: 'jdbc-uri',
  /** Every instance, with target_session_attrs=read-write: works without the Service. */
  multiHostUri: 'multi-host-uri',
  authority: 'ca.crt',
} as const;

/** Besides, in a user's connection Secret where the cluster has a pooler. */
export const POOLER_CONNECTION_KEYS = {
  host: 'pooler-host',
  port: 'pooler-port',
  uri: 'pooler-uri',
  jdbcUri: 'pooler-jdbc-uri',
} as const;

/** PostgreSQL roles of the cluster's own, authenticated by client certificates whose common name is the role's name. */
export const SYSTEM_ROLES = {
  replication: 'cdk8s_replication',
  rewind: 'cdk8s_rewind',
  /** Reads statistics, for the exporter; only where metrics are on. */
  monitoring: 'cdk8s_monitor',
  pooler: 'cdk8s_pooler',
} as const;

/** By names like these the cluster's own parts know each other: no user's certificate carries one. */
export const OWN_COMMON_NAMES = /^cdk8s[-_]/;

/** Files of a client certificate in a directory of its own. */
export const CLIENT_FILES = { certificate: 'client.crt', key: 'client.key', authority: 'ca.crt' } as const;

/** Common name of the certificate with which agents call each other. */
export const AGENT_COMMON_NAME = 'cdk8s-postgres-agent';

/** Common name of the certificate by which pgBackRest processes know each other. */
export const PGBACKREST_COMMON_NAME = 'cdk8s-postgres-pgbackrest';
/** Common name of the certificate that may ask an agent for a backup, and for nothing else. */
export const BACKUP_COMMON_NAME = 'cdk8s-postgres-backup';

/**
 * Who a person may be to the agents' API: one who looks, one who operates, one who may also do what loses data. Each has a certificate in a
 * Secret of its own, so that Kubernetes' rights to read these Secrets decide who is who (architecture.md 17).
 */
export const ACCESS_LEVELS = ['viewer', 'operator', 'admin'] as const;
export type AccessLevel = (typeof ACCESS_LEVELS)[number];

/** Common name of the certificate of one of these. */
export const accessCommonName = (level: AccessLevel): string => `cdk8s-postgres-${level}`;

/** Keys of the Secret with which an S3 repo is opened, as the AWS tools name them. */
export const S3_KEYS = { accessKeyId: 'AWS_ACCESS_KEY_ID', secretAccessKey: 'AWS_SECRET_ACCESS_KEY', sessionToken: 'AWS_SESSION_TOKEN' } as const;

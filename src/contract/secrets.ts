/** Keys of the Secrets, which are synthesized without data and filled by the agents (architecture.md 7). */

/** `<cluster>-ca` and every certificate Secret use cert-manager's and kubernetes.io/tls's key names. */
export const CERTIFICATE_KEYS = { certificate: 'tls.crt', key: 'tls.key', authority: 'ca.crt' } as const;

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

/** PostgreSQL roles of the cluster's own, authenticated by client certificates whose common name is the role's name. */
export const SYSTEM_ROLES = {
  replication: 'cdk8s_replication',
  rewind: 'cdk8s_rewind',
} as const;

/** Common name of the certificate with which agents call each other. */
export const AGENT_COMMON_NAME = 'cdk8s-postgres-agent';

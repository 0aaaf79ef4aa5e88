import type { ContainerResources } from 'cdk8s-plus-28';
import type { PodAntiAffinity } from './scheduling';

/** For how long a client of the pooler has a connection of PostgreSQL to itself. */
export enum PoolMode {
  /** Until it disconnects. Everything that PostgreSQL can do works. */
  SESSION = 'session',
  /** For one transaction. Many clients share few connections; what belongs to a session (SET, LISTEN, advisory locks, temporary tables) does not work. */
  TRANSACTION = 'transaction',
  /** For one statement; transactions of several statements are refused. */
  STATEMENT = 'statement',
}

/** What a pooler is like. */
export interface PoolerOptions {
  /**
   * How many pods there are. Every size below counts for each of them.
   *
   * @default 2
   */
  readonly instances?: number;

  /**
   * For how long a client has a connection of PostgreSQL to itself.
   *
   * @default PoolMode.SESSION
   */
  readonly mode?: PoolMode;

  /**
   * Connections to PostgreSQL for each pair of user and database (`default_pool_size`). Over all pods and pairs together they must fit into
   * PostgreSQL's `max_connections`.
   *
   * @default 20
   */
  readonly poolSize?: number;

  /**
   * Connections that each pool keeps open while it has clients (`min_pool_size`).
   *
   * @default 0
   */
  readonly minPoolSize?: number;

  /**
   * Further connections for a pool whose clients have waited for five seconds (`reserve_pool_size`).
   *
   * @default 0
   */
  readonly reservePoolSize?: number;

  /**
   * Clients that may be connected (`max_client_conn`).
   *
   * @default 1000
   */
  readonly maxClientConnections?: number;

  /**
   * Connections to PostgreSQL for each database, whoever the users are (`max_db_connections`). Zero is no limit.
   *
   * @default 0
   */
  readonly maxDatabaseConnections?: number;

  /**
   * Other settings of pgbouncer.ini, as pgBouncer spells them. A change is taken over without a restart and without dropping a client; only
   * `disable_pqexec`, `listen_backlog`, `pkt_buf` and `track_extra_parameters` replace the pods. Unknown ones are refused, and so are those
   * that the agent keeps.
   *
   * @example { query_wait_timeout: '30', ignore_startup_parameters: 'extra_float_digits,options' }
   * @default - pgBouncer's own, but for faster reactions to a lost server
   */
  readonly parameters?: { [name: string]: string };

  /**
   * Name of a Secret in the cluster's namespace with the certificate that the pooler shows to its clients: `tls.crt` (the certificate, then the
   * chain), `tls.key` and `ca.crt` (the root), as cert-manager writes them. It is read every few seconds and never written. A new one is taken
   * over by a reload: no client is dropped. One that cannot be used (key and certificate do not fit, expired, without its name or its chain) is
   * told in `/status`, by an Event and in the log, and a pod goes on with the last good one that it had; where it had none, and when that has
   * expired, it shows the cluster's own. `ca.crt` of the connection Secrets then holds both authorities.
   *
   * It may be the Secret that PostgreSQL's certificate comes from (`certificates.serverTlsSecret`), where that carries both names.
   *
   * @example 'orders-pooler-tls'
   * @default - the cluster's own certificate
   */
  readonly serverTlsSecret?: string;

  /**
   * The DNS name that the certificate in `serverTlsSecret` must carry: the one by which clients call the pooler. Not without `serverTlsSecret`.
   *
   * @example 'orders-pooler.example.com'
   * @default - the pooler's host in the connection Secrets, `<cluster>-pooler.<namespace>.svc`
   */
  readonly serverName?: string;

  /**
   * Whether the pods keep away from each other's nodes.
   *
   * @default PodAntiAffinity.PREFERRED
   */
  readonly podAntiAffinity?: PodAntiAffinity;

  /**
   * CPU and memory of each pod. Only what is set is written out.
   *
   * @default - none
   */
  readonly resources?: ContainerResources;

  /**
   * Another image: any with glibc and `pgbouncer`, 1.24 or newer, on its PATH.
   *
   * @default - the cluster's image of PostgreSQL
   */
  readonly image?: string;

  /**
   * Labels of the pooler's objects and pods, besides the cluster's.
   *
   * @default - none
   */
  readonly labels?: { [key: string]: string };

  /**
   * Annotations of the pooler's objects and pods, besides the cluster's.
   *
   * @default - none
   */
  readonly annotations?: { [key: string]: string };
}

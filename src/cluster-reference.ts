import type { EnvValue, ISecret } from 'cdk8s-plus-28';
import type { IConstruct } from 'constructs';

/**
 * A PostgreSQL cluster, made here or elsewhere: what an application needs to use it, and what a part needs to belong to it.
 */
export interface IPostgresCluster extends IConstruct {
  /** The cluster's name. With the namespace it says which cluster this is, and every object's name begins with it. */
  readonly clusterName: string;

  /** Host name, within the namespace, of whichever instance takes writes now. */
  readonly readWriteHost: string;

  /** Host name, within the namespace, of any replica that streams. */
  readonly readOnlyHost: string;

  /** Host name, within the namespace, of any instance that serves. */
  readonly readHost: string;

  /** The port of all hosts. */
  readonly port: number;

  /**
   * The Secret with everything that a client of this user needs: `host`, `port`, `dbname`, `user`, `password`, `uri`, `jdbc-uri`,
   * `multi-host-uri` (every instance, works without the Service) and `ca.crt`; with ClientTls.VERIFY also `tls.crt` and `tls.key`. The agents fill
   * it, so that nothing secret stands in Git.
   *
   * @param user a user of the cluster
   */
  connectionSecret(user: string): ISecret;

  /**
   * Environment variables for a client of this user, each read from one key of the connection Secret: libpq's `PGHOST`, `PGPORT`,
   * `PGDATABASE`, `PGUSER`, `PGPASSWORD`, then `DATABASE_URL`, `DATABASE_MULTI_HOST_URL` and `JDBC_DATABASE_URL`. Every key is required,
   * so that the client's pod waits for its connection instead of starting without one.
   *
   * @example
   * deployment.addContainer({ image: 'shop', envVariables: orders.envFor('app') });
   *
   * @param user a user of the cluster
   */
  envFor(user: string): { [variable: string]: EnvValue };
}

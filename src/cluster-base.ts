import { Secret } from 'cdk8s-plus-28';
import type { EnvValue, ISecret } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import type { IPostgresCluster } from './cluster-reference';
import { CONNECTION_KEYS, POSTGRES_PORT, PoolerSpec } from './contract';
import { ImageOptions } from './images';
import { ClusterNames } from './naming';
import type { ClusterNetwork } from './network/network';
import type { ClientTls } from './tls';
import { isServiceName, refuse } from './validation';
import { PostgresVersion } from './version';

/** The environment variables of `envFor`, and the key of the connection Secret that each is read from. */
const CONNECTION_VARIABLES: { [variable: string]: string } = {
  PGHOST: CONNECTION_KEYS.host,
  PGPORT: CONNECTION_KEYS.port,
  PGDATABASE: CONNECTION_KEYS.database,
  PGUSER: CONNECTION_KEYS.user,
  PGPASSWORD: CONNECTION_KEYS.password,
  DATABASE_URL: CONNECTION_KEYS.uri,
  DATABASE_MULTI_HOST_URL: CONNECTION_KEYS.multiHostUri,
  JDBC_DATABASE_URL: CONNECTION_KEYS.jdbcUri,
};

/**
 * What all pods of a cluster have in common.
 *
 * @internal
 */
export interface Shared {
  readonly version: PostgresVersion;
  readonly images?: ImageOptions;
  readonly uid?: number;
  readonly tls?: ClientTls;
  readonly labels?: { readonly [key: string]: string };
  readonly annotations?: { readonly [key: string]: string };
}

/**
 * What a part that is a construct of its own takes over from its cluster.
 *
 * @internal
 */
export interface Surroundings {
  readonly shared: Shared;
  readonly network: ClusterNetwork;
  /** Secrets that the agents fill, or may come to fill. */
  readonly secrets: readonly string[];
}

/**
 * What a cluster's name alone tells, of one made here and of one made elsewhere.
 *
 * @internal
 */
export abstract class PostgresClusterBase extends Construct implements IPostgresCluster {
  /** The cluster's name. With the namespace it says which cluster this is, and every object's name begins with it. */
  public readonly clusterName: string;

  /** Host name, within the namespace, of whichever instance takes writes now. */
  public readonly readWriteHost: string;

  /** Host name, within the namespace, of any replica that streams. */
  public readonly readOnlyHost: string;

  /** Host name, within the namespace, of any instance that serves. */
  public readonly readHost: string;

  /** The port of all hosts. */
  public readonly port: number = POSTGRES_PORT;

  private joinedPooler?: PoolerSpec;
  private readonly secrets = new Map<string, ISecret>();

  constructor(scope: Construct, id: string, clusterName: string) {
    super(scope, id);
    if (!isServiceName(clusterName)) {
      refuse(this, 'name', `is "${clusterName}", which Kubernetes takes for no Service`,
        'use lower-case letters, digits and dashes, a letter first, at most 63 characters; without this prop the construct\'s id is the name');
    }
    const names = new ClusterNames(clusterName);
    this.clusterName = clusterName;
    this.readWriteHost = names.readWriteService;
    this.readOnlyHost = names.readOnlyService;
    this.readHost = names.readService;
  }

  /**
   * What a pooler has to know of the cluster that it is to join.
   *
   * @internal
   */
  public _surroundingsOf(pooler: Construct): Surroundings {
    const surroundings = this._surroundings();
    if (!surroundings) {
      refuse(pooler, 'cluster', `is "${this.clusterName}", which this program does not make`, 'give the program that makes it the prop "pooler": its agents have to know');
    }
    if (this.joinedPooler) refuse(pooler, 'cluster', `"${this.clusterName}" has a pooler already`, 'leave one of them out');
    return surroundings;
  }

  /**
   * A pooler, whose construct may come after the cluster, becomes part of it.
   *
   * @internal
   */
  public _join(spec: PoolerSpec): void {
    this.joinedPooler = spec;
  }

  /**
   * Complete at the end of synth only.
   *
   * @internal
   */
  public _poolerSpec(): PoolerSpec | undefined {
    return this.joinedPooler;
  }

  /**
   * Nothing of it is known of a cluster that was made elsewhere.
   *
   * @internal
   */
  protected _surroundings(): Surroundings | undefined {
    return undefined;
  }

  /**
   * The Secret with everything that a client of this user needs: `host`, `port`, `dbname`, `user`, `password`, `uri`, `jdbc-uri`,
   * `multi-host-uri` (every instance, works without the Service) and `ca.crt`; with ClientTls.VERIFY also `tls.crt` and `tls.key`. The agents fill
   * it, so that nothing secret stands in Git.
   *
   * @param user a user of the cluster
   */
  public connectionSecret(user: string): ISecret {
    const secret = this.secrets.get(user)
      ?? Secret.fromSecretName(this, `connection-${user}`, new ClusterNames(this.clusterName).userSecret(user));
    this.secrets.set(user, secret);
    return secret;
  }

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
  public envFor(user: string): { [variable: string]: EnvValue } {
    const secret = this.connectionSecret(user);
    return Object.fromEntries(Object.entries(CONNECTION_VARIABLES).map(([variable, key]) => [variable, secret.envValue(key)]));
  }
}

/**
 * A cluster that another program synthesizes.
 *
 * @internal
 */
export class ImportedPostgresCluster extends PostgresClusterBase {}

/** The pooler of a cluster that is made here, once its construct is there. */
export function poolerOf(cluster: IPostgresCluster): PoolerSpec | undefined {
  return cluster instanceof PostgresClusterBase ? cluster._poolerSpec() : undefined;
}

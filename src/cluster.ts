import { Chart } from 'cdk8s';
import type { ISecret } from 'cdk8s-plus-28';
import { Construct, Dependable } from 'constructs';
import { ClusterBackups } from './backups/backups';
import { ImportedPostgresCluster, PostgresClusterBase, Shared, Surroundings } from './cluster-base';
import type { PostgresClusterProps } from './cluster-props';
import type { IPostgresCluster } from './cluster-reference';
import { dataDirectory, PGDATA } from './contract';
import { ClusterCredentials } from './credentials';
import { resolveUsers } from './databases';
import { ClusterDisruptionBudget } from './disruption-budget';
import { AgentIdentity } from './identity';
import { defaultAgentImage, defaultPostgresImage } from './images';
import { DEFAULT_UID, PostgresInstance } from './instance';
import { resolveInstances } from './instance-list';
import { checkMetadata, metadataOf } from './metadata';
import { ClusterMetrics } from './metrics/metrics';
import { ClusterNames } from './naming';
import { ClusterNetwork } from './network/network';
import { PgBouncer } from './pooler';
import { ClusterServices } from './services';
import { ClusterSpecification, ownSecrets } from './specification';
import { quoted, refuse } from './validation';
import { backingOf } from './volume-source';

/**
 * A highly available PostgreSQL cluster: instances that stream from one of them, with agents that keep exactly one of them writable.
 *
 * @example
 * const orders = new PostgresCluster(chart, 'orders', {
 *   version: PostgresVersion.V17,
 *   storage: { size: Size.gibibytes(100) },
 * });
 * deployment.addContainer({ image: 'shop', envVariables: orders.envFor('app') });
 */
export class PostgresCluster extends PostgresClusterBase {
  /**
   * A cluster that another program synthesizes, in the same namespace.
   *
   * @param scope where the reference lives
   * @param id the construct's id
   * @param clusterName the cluster's name
   */
  public static fromClusterName(scope: Construct, id: string, clusterName: string): IPostgresCluster {
    return new ImportedPostgresCluster(scope, id, clusterName);
  }

  /** The Services. */
  public readonly services: ClusterServices;
  /** The Secrets. */
  public readonly credentials: ClusterCredentials;
  /** ServiceAccount, Role and RoleBinding of the agents. */
  public readonly identity: AgentIdentity;
  /** The agents' settings. */
  public readonly specification: ClusterSpecification;
  /** Repo host, schedules and certificates of the backups, where there are any. */
  public readonly backups?: ClusterBackups;
  /** Who may connect: `orders.connections.allowFrom(...)`. */
  public readonly connections: ClusterNetwork;
  /** The budget for voluntary disruptions; a single instance has none. */
  public readonly disruptionBudget?: ClusterDisruptionBudget;

  /** The pgBouncer in front of the cluster, where `pooler` asks for one. */
  public readonly pooler?: PgBouncer;

  private readonly _instances: PostgresInstance[];
  private readonly users: string[];
  private readonly shared: Shared;

  constructor(scope: Construct, id: string, props: PostgresClusterProps) {
    super(scope, id, props.name ?? id);
    const { routing, metrics, certificates } = props;
    checkMetadata(this, props);
    const common = { cluster: this, ...metadataOf(props) };
    const names = new ClusterNames(this.clusterName);
    const instances = resolveInstances(this, names, props);
    const users = resolveUsers(this, props.users);
    this.users = users.map(({ name }) => name);
    this.shared = props;

    this.services = new ClusterServices(this, 'services', { ...common, ...props.services, routing, scrapeAnnotations: metrics?.scrapeAnnotations });
    this.credentials = new ClusterCredentials(this, 'credentials', { ...common, users: this.users, metrics });
    const instanceNames = instances.map(({ name }) => name);
    const elsewhere = instances.find(({ dataPath }) => dataDirectory(dataPath) !== PGDATA);
    if (elsewhere && (props.backups ?? props.bootstrap)) {
      refuse(this, 'dataPath', `of instance "${elsewhere.name}" is "${elsewhere.dataPath}", and pgBackRest looks for the data directory in "data"`, 'leave it out, or leave "backups" and "bootstrap" out');
    }
    if (props.backups) {
      this.backups = new ClusterBackups(this, 'backups', {
        ...props.backups,
        ...common,
        ...metadataOf(props, 'repo'),
        instances: instanceNames,
        postgresImage: props.images?.postgres ?? defaultPostgresImage(props.version.version),
        agentImage: props.images?.agent ?? defaultAgentImage(),
        uid: props.uid ?? DEFAULT_UID,
      });
    }
    const { backups } = this;
    const dataClaims = instances.flatMap(({ name, storage }) => backingOf(storage, names.dataClaim(name)).claimName ?? []);
    this.identity = new AgentIdentity(this, 'identity', {
      ...common, routing, users: this.users, instances: instanceNames, dataClaims, backups, bootstrap: props.bootstrap, metrics, certificates,
      configuration: props.configuration,
    });
    this._instances = instances.map((instance) => new PostgresInstance(this, `instance-${instance.name}`, {
      ...props, ...instance, cluster: this, instanceName: instance.name,
    }));
    this.specification = new ClusterSpecification(this, 'specification', { ...props, ...common, users, instances: this._instances, backups });
    this.connections = new ClusterNetwork(this, 'network', {
      ...common, ...props.network, services: props.services, backups, metrics,
    });
    if (metrics) {
      const staying = this._instances.filter(({ retire }) => !retire).length;
      new ClusterMetrics(this, 'metrics', { ...common, options: metrics, instances: staying, backups });
    }
    if (instances.length > 1) {
      this.disruptionBudget = new ClusterDisruptionBudget(this, 'disruption-budget', { ...common, instances: instances.length });
    }
    if (props.pooler) this.pooler = new PgBouncer(this, 'pooler', { ...props.pooler, cluster: this });

    // Constructs that depend on a cluster depend on one object of it: on each, chains of clusters would take exponential time.
    Dependable.implement(this, { dependencyRoots: [this.services.readWrite] });
    this.node.addValidation({ validate: () => this.twinsInNamespace() });
  }

  /** The instances, in order. */
  public get instances(): PostgresInstance[] {
    return [...this._instances];
  }

  /**
   * The connection Secret of a user of this cluster.
   *
   * @param user one of `users`
   */
  public connectionSecret(user: string): ISecret {
    if (!this.users.includes(user)) refuse(this, 'users', `does not have "${user}"`, `add that user, or use one of ${quoted(this.users)}`);
    return super.connectionSecret(user);
  }

  /** @internal */
  protected override _surroundings(): Surroundings {
    const secrets = ownSecrets(new ClusterNames(this.clusterName), this.users.map((name) => ({ name })));
    return { shared: this.shared, network: this.connections, secrets };
  }

  /** Two clusters of one name would overwrite each other's objects. Charts without a namespace may go anywhere, so only one chart counts as one. */
  private twinsInNamespace(): string[] {
    return this.node.root.node.findAll()
      .filter((other): other is PostgresCluster => other instanceof PostgresCluster && other !== this)
      .filter((other) => other.clusterName === this.clusterName && whereOf(other) === whereOf(this))
      .map((other) => `"name" is "${this.clusterName}", and so is that of ${other.node.path} in the same namespace; `
        + 'give one of them another name, or synthesize what goes to different Kubernetes clusters by different Apps');
  }
}

function whereOf(cluster: PostgresCluster): string {
  const chart = Chart.of(cluster);
  return chart.namespace ? `namespace ${chart.namespace}` : `chart ${chart.node.path}`;
}

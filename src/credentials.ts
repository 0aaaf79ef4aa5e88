import { Construct } from 'constructs';
import type { IPostgresCluster } from './cluster-reference';
import { ACCESS_LEVELS } from './contract';
import { emptySecret } from './empty-secret';
import { clusterLabels } from './labels';
import type { MetricsOptions } from './metrics/options';
import { ClusterNames } from './naming';

/** Properties of `ClusterCredentials`. */
export interface ClusterCredentialsProps {
  /** The cluster that the Secrets belong to. */
  readonly cluster: IPostgresCluster;

  /** Names of the users that get a connection Secret. */
  readonly users: string[];

  /**
   * What the cluster tells Prometheus: with anything, there is a Secret for the client certificate of the exporter.
   *
   * @default - nothing
   */
  readonly metrics?: MetricsOptions;

  /**
   * Labels of the Secrets.
   *
   * @default - only the library's own
   */
  readonly labels?: { [key: string]: string };

  /**
   * Annotations of the Secrets.
   *
   * @default - only the library's own
   */
  readonly annotations?: { [key: string]: string };
}

/** The Secrets of a cluster, all without data: the agents fill them at run time. */
export class ClusterCredentials extends Construct {
  private readonly _userSecretNames: { [user: string]: string } = {};

  constructor(scope: Construct, id: string, props: ClusterCredentialsProps) {
    super(scope, id);
    const names = new ClusterNames(props.cluster.clusterName);
    const labels = clusterLabels(props.cluster.clusterName, props.labels);
    const secret = (secretId: string, name: string) => emptySecret(this, secretId, { name, labels, annotations: props.annotations });
    secret('authority', names.authoritySecret);
    secret('server', names.serverSecret);
    secret('replication', names.replicationSecret);
    secret('rewind', names.rewindSecret);
    secret('agent', names.agentSecret);
    for (const level of ACCESS_LEVELS) secret(level, names.accessSecrets[level]);
    if (props.metrics) secret('monitoring', names.monitoringSecret);
    for (const user of props.users) {
      this._userSecretNames[user] = names.userSecret(user);
      secret(`user-${user}`, names.userSecret(user));
    }
  }

  /** Names of the connection Secrets, by user. */
  public get userSecretNames(): { [user: string]: string } {
    return { ...this._userSecretNames };
  }
}

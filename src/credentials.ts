import { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import type { IPostgresCluster } from './cluster-reference';
import { clusterLabels, filledByAgentsAnnotations } from './labels';
import { ClusterNames } from './naming';

/** Properties of `ClusterCredentials`. */
export interface ClusterCredentialsProps {
  /** The cluster that the Secrets belong to. */
  readonly cluster: IPostgresCluster;

  /** Names of the users that get a connection Secret. */
  readonly users: string[];

  /**
   * Whether there is a Secret for the client certificate of the metrics exporter.
   *
   * @default false
   */
  readonly monitoring?: boolean;

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

/**
 * The Secrets of a cluster, all without data. The agents fill them at run time, so that nothing secret and nothing random stands in Git,
 * and neither server-side nor client-side apply touches the fields that it does not know.
 */
export class ClusterCredentials extends Construct {
  private readonly _userSecretNames: { [user: string]: string } = {};

  constructor(scope: Construct, id: string, props: ClusterCredentialsProps) {
    super(scope, id);
    const names = new ClusterNames(props.cluster.clusterName);
    this.emptySecret('authority', names.authoritySecret, props);
    this.emptySecret('server', names.serverSecret, props);
    this.emptySecret('replication', names.replicationSecret, props);
    this.emptySecret('rewind', names.rewindSecret, props);
    this.emptySecret('agent', names.agentSecret, props);
    if (props.monitoring) this.emptySecret('monitoring', names.monitoringSecret, props);
    for (const user of props.users) {
      this._userSecretNames[user] = names.userSecret(user);
      this.emptySecret(`user-${user}`, names.userSecret(user), props);
    }
  }

  /** Names of the connection Secrets, by user. */
  public get userSecretNames(): { [user: string]: string } {
    return { ...this._userSecretNames };
  }

  private emptySecret(id: string, name: string, props: ClusterCredentialsProps): void {
    new ApiObject(this, id, k8s.KubeSecret.manifest({
      metadata: {
        name,
        labels: clusterLabels(props.cluster.clusterName, props.labels),
        annotations: filledByAgentsAnnotations(props.annotations),
      },
      // Any other type would ask for keys at creation.
      type: 'Opaque',
    }));
  }
}

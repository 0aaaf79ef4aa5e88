import { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import type { IPostgresCluster } from './cluster-reference';
import { clusterLabels, instancesSelector, orNothing } from './labels';
import { ClusterNames } from './naming';

/** Properties of `ClusterDisruptionBudget`. */
export interface ClusterDisruptionBudgetProps {
  /** The cluster that is protected. */
  readonly cluster: IPostgresCluster;

  /** Number of instances, two or more: a budget for a single instance could only block its node's maintenance for ever. */
  readonly instances: number;

  /**
   * Labels of the budget.
   *
   * @default - only the library's own
   */
  readonly labels?: { [key: string]: string };

  /**
   * Annotations of the budget.
   *
   * @default - none
   */
  readonly annotations?: { [key: string]: string };
}

/**
 * Node maintenance takes away one instance at a time.
 */
export class ClusterDisruptionBudget extends Construct {
  constructor(scope: Construct, id: string, props: ClusterDisruptionBudgetProps) {
    super(scope, id);
    const { clusterName } = props.cluster;
    new ApiObject(this, 'Resource', k8s.KubePodDisruptionBudget.manifest({
      metadata: {
        name: new ClusterNames(clusterName).disruptionBudget,
        labels: clusterLabels(clusterName, props.labels),
        annotations: orNothing(props.annotations),
      },
      spec: {
        // As a number: maxUnavailable would forget an instance that has no pod at the moment.
        minAvailable: k8s.IntOrString.fromNumber(props.instances - 1),
        selector: { matchLabels: instancesSelector(clusterName) },
        // An instance that is not ready serves nobody; its node may go.
        unhealthyPodEvictionPolicy: 'AlwaysAllow',
      },
    }));
  }
}

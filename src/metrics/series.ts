/** How the metrics of one cluster are found, in rules and dashboards alike. */
import { Chart } from 'cdk8s';
import type { IPostgresCluster } from '../cluster-reference';

/** As Prometheus writes the labels of pods and the agents write theirs. */
export const CLUSTER = 'cdk8s_postgres_cluster';
export const INSTANCE = 'cdk8s_postgres_instance';

/** A chart without a namespace may be applied to any, so that only the cluster's name is known. */
export function selectorOf(cluster: IPostgresCluster): string {
  const { namespace } = Chart.of(cluster);
  return [...namespace === undefined ? [] : [`namespace="${namespace}"`], `${CLUSTER}="${cluster.clusterName}"`].join(',');
}

import { Construct } from 'constructs';
import { PodMonitor } from '../../imports/monitoring.coreos.com';
import type { IPostgresCluster } from '../cluster-reference';
import { CLUSTER_LABEL, EXPORTER_PORT_NAME, HEALTH_PORT_NAME, HEALTH_ROUTES, INSTANCE_LABEL } from '../contract';
import { clusterLabels, orNothing } from '../labels';
import { ClusterNames } from '../naming';

/** Properties of `PostgresPodMonitor`. */
export interface PostgresPodMonitorProps {
  /** The cluster that is scraped: one with metrics. */
  readonly cluster: IPostgresCluster;

  /**
   * Labels of the PodMonitor, such as the one by which a Prometheus selects it.
   *
   * @default - only the library's own
   */
  readonly labels?: { [key: string]: string };

  /**
   * Annotations of the PodMonitor.
   *
   * @default - none
   */
  readonly annotations?: { [key: string]: string };
}

/**
 * Lets a Prometheus of the Prometheus Operator scrape a cluster: the exporter of each instance, and the agent in each pod. Its kind must be known to
 * Kubernetes, or the whole program cannot be applied.
 */
export class PostgresPodMonitor extends Construct {
  constructor(scope: Construct, id: string, props: PostgresPodMonitorProps) {
    super(scope, id);
    const { clusterName } = props.cluster;
    new PodMonitor(this, 'Resource', {
      metadata: { name: new ClusterNames(clusterName).podMonitor, labels: clusterLabels(clusterName, props.labels), annotations: orNothing(props.annotations) },
      spec: {
        // Whatever their part is: an agent runs in each.
        selector: { matchLabels: { [CLUSTER_LABEL]: clusterName } },
        podTargetLabels: [CLUSTER_LABEL, INSTANCE_LABEL],
        podMetricsEndpoints: [
          { port: EXPORTER_PORT_NAME },
          // The agent names cluster and instance itself, for those who scrape it otherwise.
          { port: HEALTH_PORT_NAME, path: HEALTH_ROUTES.metrics, honorLabels: true },
        ],
      },
    });
  }
}

import { Construct } from 'constructs';
import { PostgresAlerts } from './alerts';
import { PostgresDashboard } from './dashboard';
import type { MetricsOptions } from './options';
import { PostgresPodMonitor } from './pod-monitor';
import type { ClusterBackups } from '../backups/backups';
import type { IPostgresCluster } from '../cluster-reference';
import { checkKeys } from '../labels';

/** Properties of `ClusterMetrics`. */
export interface ClusterMetricsProps {
  /** The cluster that is observed. */
  readonly cluster: IPostgresCluster;

  /** What is asked for. */
  readonly options: MetricsOptions;

  /** How many instances the cluster should have, those that retire left out. */
  readonly instances: number;

  /**
   * The cluster's backups.
   *
   * @default - none
   */
  readonly backups?: ClusterBackups;

  /**
   * Labels of the objects.
   *
   * @default - only the library's own
   */
  readonly labels?: { [key: string]: string };

  /**
   * Annotations of the objects.
   *
   * @default - none
   */
  readonly annotations?: { [key: string]: string };
}

/**
 * What Prometheus and Grafana need to know of a cluster, each part as far as it is asked for. The exporters are in the instances' pods.
 */
export class ClusterMetrics extends Construct {
  constructor(scope: Construct, id: string, props: ClusterMetricsProps) {
    super(scope, id);
    const { cluster, options, instances, backups, annotations } = props;
    checkKeys(this, 'labels', options.labels);
    const common = { cluster, annotations, labels: { ...props.labels, ...options.labels } };
    if (options.podMonitor) new PostgresPodMonitor(this, 'pod-monitor', common);
    // While all retire there is nothing to be watched any more.
    if (options.alerts && instances > 0) {
      const maximumBackupAge = { ...backups?._maximumAges(), ...options.alerts.maximumBackupAge };
      new PostgresAlerts(this, 'alerts', { ...common, ...options.alerts, instances, archiving: backups !== undefined, maximumBackupAge });
    }
    if (options.dashboard) new PostgresDashboard(this, 'dashboard', common);
  }
}

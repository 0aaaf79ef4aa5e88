import type { ContainerResources } from 'cdk8s-plus-28';
import type { AlertLimits } from './alerts';

/** What a cluster tells Prometheus. */
export interface MetricsOptions {
  /**
   * The image of the exporter, with a shell and `prometheus-postgres-exporter` (Debian's name) or `postgres_exporter` (the project's own) on
   * its PATH.
   *
   * @example 'registry.example.com/postgres-exporter:0.17'
   * @default - the image of PostgreSQL, which has it
   */
  readonly image?: string;

  /**
   * CPU and memory of the exporter in each instance's pod; it needs about 20 MiB. Only what is set is written out.
   *
   * @default - none
   */
  readonly resources?: ContainerResources;

  /**
   * Whether pods and Services carry the annotations `prometheus.io/scrape`, `/port` and `/path`, for a Prometheus that goes by them.
   * The pods' name the exporter's port, those of the headless Service the agents'.
   *
   * @default false
   */
  readonly scrapeAnnotations?: boolean;

  /**
   * Whether there is a PodMonitor for a Prometheus of the Prometheus Operator, whose kinds Kubernetes must then know.
   *
   * @default false
   */
  readonly podMonitor?: boolean;

  /**
   * A PrometheusRule with alerts, for a Prometheus of the Prometheus Operator: `{}` for those with the limits that suit most.
   *
   * @example { maximumLag: Duration.seconds(10), maximumBackupAge: { 1: Duration.hours(30) } }
   * @default - no alerts
   */
  readonly alerts?: AlertLimits;

  /**
   * Whether there is a ConfigMap with a dashboard for Grafana.
   *
   * @default false
   */
  readonly dashboard?: boolean;

  /**
   * Labels of PodMonitor, PrometheusRule and dashboard besides the cluster's: those by which Prometheus and Grafana select them.
   *
   * @example { release: 'kube-prometheus-stack' }
   * @default - none
   */
  readonly labels?: { [key: string]: string };
}

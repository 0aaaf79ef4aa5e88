import { Duration } from 'cdk8s';
import { Construct } from 'constructs';
import { PrometheusRule, PrometheusRuleSpecGroupsRulesExpr } from '../../imports/monitoring.coreos.com';
import type { IPostgresCluster } from '../cluster-reference';
import { clusterLabels, orNothing } from '../labels';
import { ClusterNames } from '../naming';
import { refuse } from '../validation';
import { CLUSTER, INSTANCE, selectorOf } from './series';

/** When a person is told. */
export interface AlertLimits {
  /**
   * How long there may be no primary. A failover takes up to 20 seconds.
   *
   * @default Duration.minutes(1)
   */
  readonly noPrimaryFor?: Duration;

  /**
   * How long a replica may be missing, or not stream. A rollout replaces each for a while, and a new one first copies the data.
   *
   * @default Duration.minutes(15)
   */
  readonly replicaMissingFor?: Duration;

  /**
   * How old the data may be that a replica shows to its readers.
   *
   * @default Duration.minutes(1)
   */
  readonly maximumLag?: Duration;

  /**
   * How long a replica may be behind by more than `maximumLag`.
   *
   * @default Duration.minutes(5)
   */
  readonly lagFor?: Duration;

  /**
   * How much of a volume should be free, in percent: more than 0 and less than 100.
   *
   * @default 15
   */
  readonly minimumFreePercent?: number;

  /**
   * How long a volume may have less free space than that.
   *
   * @default Duration.minutes(5)
   */
  readonly volumeFillingFor?: Duration;

  /**
   * How long archiving may fail without any success.
   *
   * @default Duration.minutes(5)
   */
  readonly archiveFailingFor?: Duration;

  /**
   * How old the newest backup in each repo may be, by the repo's number. A repo that has none yet counts as too old.
   *
   * @example { 1: Duration.hours(30), 2: Duration.days(33) }
   * @default - with `MetricsOptions.alerts` two hours more than `BackupOptions.schedules` lets pass at the most from one backup in the repo to
   * the next; otherwise, and for a repo without schedules, no limit
   */
  readonly maximumBackupAge?: { [repo: string]: Duration };
}

/** Properties of `PostgresAlerts`. */
export interface PostgresAlertsProps extends AlertLimits {
  /** The cluster that is watched: one with metrics, and without `MetricsOptions.alerts`. */
  readonly cluster: IPostgresCluster;

  /** How many instances it should have, one or more; those that retire do not count. */
  readonly instances: number;

  /**
   * Whether the cluster archives its WAL: it has backups.
   *
   * @default false
   */
  readonly archiving?: boolean;

  /**
   * Labels of the PrometheusRule, such as the one by which a Prometheus selects it.
   *
   * @default - only the library's own
   */
  readonly labels?: { [key: string]: string };

  /**
   * Annotations of the PrometheusRule.
   *
   * @default - none
   */
  readonly annotations?: { [key: string]: string };
}

interface Alert {
  readonly alert: string;
  readonly severity: 'critical' | 'warning';
  readonly expr: string;
  readonly lasting: Duration;
  readonly summary: string;
  readonly description: string;
}

/** Two sets of alerts would be two objects of one name. */
const watched = new WeakSet<IPostgresCluster>();

/**
 * What a person should be woken or told for, as rules for a Prometheus of the Prometheus Operator: no primary, a replica missing, a replica far
 * behind, a volume filling, and where there are backups, the archive failing or the newest backup too old. All but that of the archive stand on the
 * agents' metrics, so that they also tell of a PostgreSQL that does not run.
 *
 * For a cluster of the same program `MetricsOptions.alerts` is shorter, and knows the schedules of its backups.
 *
 * @example
 * new PostgresAlerts(chart, 'alerts', { cluster: orders, instances: 3, maximumLag: Duration.seconds(10), labels: { release: 'prometheus' } });
 */
export class PostgresAlerts extends Construct {
  constructor(scope: Construct, id: string, props: PostgresAlertsProps) {
    super(scope, id);
    const { clusterName } = props.cluster;
    const rules = this.alerts(props);
    if (watched.has(props.cluster)) {
      refuse(this, 'cluster', `is "${clusterName}", which has alerts already`, 'leave one of them out; "metrics.alerts" takes the same limits');
    }
    watched.add(props.cluster);
    new PrometheusRule(this, 'Resource', {
      metadata: { name: new ClusterNames(clusterName).alerts, labels: clusterLabels(clusterName, props.labels), annotations: orNothing(props.annotations) },
      spec: {
        groups: [{
          name: `postgres-${clusterName}`,
          rules: rules.map(({ alert, expr, lasting, severity, summary, description }) => ({
            alert,
            expr: PrometheusRuleSpecGroupsRulesExpr.fromString(expr),
            for: `${lasting.toSeconds()}s`,
            labels: { severity },
            annotations: { summary, description },
          })),
        }],
      },
    });
  }

  private alerts(props: PostgresAlertsProps): Alert[] {
    const { instances } = props;
    const cluster = `cluster ${props.cluster.clusterName} in namespace {{ $labels.namespace }}`;
    const instance = `instance {{ $labels.${INSTANCE} }} of ${cluster}`;
    if (!Number.isInteger(instances) || instances < 1) refuse(this, 'instances', `is ${instances}`, 'give the number of instances, one or more');
    const free = props.minimumFreePercent ?? 15;
    if (!(free > 0 && free < 100)) refuse(this, 'minimumFreePercent', `is ${free}`, 'give a percentage between 0 and 100');
    const ages = Object.entries(props.maximumBackupAge ?? {});
    const unknown = ages.find(([repo]) => !/^[1-9]$/.test(repo));
    if (unknown) refuse(this, 'maximumBackupAge', `is given for the repo "${unknown[0]}"`, 'give the number of a repo, counted from 1');
    const maximumLag = (props.maximumLag ?? Duration.minutes(1)).toSeconds();
    const selector = selectorOf(props.cluster);
    const series = (name: string) => `cdk8s_postgres_${name}{${selector}}`;
    const archived = (what: string) => `max ${all} (increase(pg_stat_archiver_${what}_count{${selector}}[5m])) > 0`;
    const all = `by (namespace, ${CLUSTER})`;
    return [
      {
        alert: 'PostgresNoPrimary',
        severity: 'critical',
        // Also when there is nobody left to say so.
        expr: `(max ${all} (${series('primary')}) or absent(${series('primary')}) - 1) < 1`,
        lasting: props.noPrimaryFor ?? Duration.minutes(1),
        summary: 'PostgreSQL takes no writes',
        description: `No instance of ${cluster} is primary. What each is waiting for: /status on port 8008 of the pods, and their Events.`,
      },
      ...instances === 1 ? [] : [{
        alert: 'PostgresReplicaMissing',
        severity: 'warning' as const,
        expr: `sum ${all} (${series('streaming')}) < ${instances - 1}`,
        lasting: props.replicaMissingFor ?? Duration.minutes(15),
        summary: 'A replica of PostgreSQL is missing',
        description: `{{ $value }} of ${instances - 1} replicas of ${cluster} stream from the primary; the next failure may cost more than it should.`,
      }],
      ...instances === 1 ? [] : [{
        alert: 'PostgresReplicationLag',
        severity: 'warning' as const,
        expr: `${series('replay_lag_seconds')} > ${maximumLag}`,
        lasting: props.lagFor ?? Duration.minutes(5),
        summary: 'A replica of PostgreSQL is far behind',
        description: `What ${instance} shows to its readers is {{ $value | humanizeDuration }} old.`,
      }],
      {
        alert: 'PostgresVolumeFilling',
        severity: 'critical',
        expr: `100 * ${series('volume_available_bytes')} / ${series('volume_size_bytes')} < ${free}`,
        lasting: props.volumeFillingFor ?? Duration.minutes(5),
        summary: 'A volume of PostgreSQL is filling',
        description: `Of volume {{ $labels.volume }} of ${instance} only {{ $value | printf "%.0f" }} % are free. A primary whose volume is full hands over, or takes no more writes: give it a larger size.`,
      },
      ...props.archiving ? [{
        alert: 'PostgresArchiveFailing',
        severity: 'critical' as const,
        expr: `${archived('failed')} unless ${archived('archived')}`,
        lasting: props.archiveFailingFor ?? Duration.minutes(5),
        summary: 'PostgreSQL cannot archive its WAL',
        description: `What ${cluster} writes now is in no backup, and its WAL fills the volume. Why: the log of the primary, and its problems at /status on port 8008.`,
      }] : [],
      ...ages.length === 0 ? [] : [{
        alert: 'PostgresBackupTooOld',
        severity: 'warning' as const,
        // Of the last day, because whoever makes the backups may be away for a while.
        expr: ages.map(([repo, age]) => (
          `time() - max by (namespace, ${CLUSTER}, repo) (max_over_time(cdk8s_postgres_backup_timestamp_seconds{${selector},repo="${repo}"}[1d])) > ${age.toSeconds()}`)).join(' or '),
        lasting: Duration.minutes(15),
        summary: 'The newest backup of PostgreSQL is too old',
        description: `Repo {{ $labels.repo }} of ${cluster} has no backup that is young enough. Why: the Jobs of its schedules, and the problems at /status on port 8008.`,
      }],
    ];
  }
}

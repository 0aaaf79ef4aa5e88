/** What the dashboard shows: each panel one question about the cluster, and the queries that answer it. */
import { INSTANCE } from './series';

export interface Panel {
  readonly title: string;
  /** As Grafana names units. */
  readonly unit: string;
  readonly type: 'stat' | 'timeseries';
  /** Of 24 columns. */
  readonly width: number;
  readonly queries: readonly { readonly expr: string; readonly legend: string }[];
}

const STAT = { type: 'stat', unit: 'short', width: 6 } as const;
const SERIES = { type: 'timeseries', width: 8 } as const;

/** `selector`: the matchers of the cluster. */
export function panels(selector: string): Panel[] {
  const agent = (name: string) => `cdk8s_postgres_${name}{${selector}}`;
  const postgres = (name: string, matcher?: string) => `pg_${name}{${[selector, ...matcher ? [matcher] : []].join(',')}}`;
  const rate = (series: string) => `rate(${series}[$__rate_interval])`;
  const byInstance = (expr: string) => ({ expr: `sum by (${INSTANCE}) (${expr})`, legend: `{{${INSTANCE}}}` });
  const each = (expr: string) => ({ expr, legend: `{{${INSTANCE}}}` });
  return [
    { ...STAT, title: 'Primary', queries: [{ expr: `${agent('primary')} == 1`, legend: `instance {{${INSTANCE}}}` }] },
    { ...STAT, title: 'Replicas that stream', queries: [{ expr: `sum(${agent('streaming')})`, legend: 'replicas' }] },
    { ...STAT, title: 'Changes of leader', queries: [{ expr: `max(${agent('lease_transitions')})`, legend: 'changes' }] },
    { ...STAT, title: 'Problems', queries: [{ expr: `count by (code) (${agent('problem')})`, legend: '{{code}}' }] },
    { ...SERIES, title: 'Age of what replicas show', unit: 's', queries: [each(agent('replay_lag_seconds'))] },
    { ...SERIES, title: 'WAL that replicas lack', unit: 'bytes', queries: [each(agent('receive_lag_bytes'))] },
    { ...SERIES, title: 'WAL written', unit: 'Bps', queries: [{ expr: `max(${rate(agent('wal_position_bytes'))})`, legend: 'WAL' }] },
    { ...SERIES, title: 'Transactions', unit: 'ops', queries: [byInstance(`${rate(postgres('stat_database_xact_commit'))} + ${rate(postgres('stat_database_xact_rollback'))}`)] },
    { ...SERIES, title: 'Connections', unit: 'short', queries: [byInstance(postgres('stat_activity_count')), each(postgres('settings_max_connections'))] },
    {
      ...SERIES,
      title: 'Reads found in memory',
      unit: 'percentunit',
      queries: [each(`sum by (${INSTANCE}) (${rate(postgres('stat_database_blks_hit'))}) / sum by (${INSTANCE}) (${rate(postgres('stat_database_blks_hit'))} + ${rate(postgres('stat_database_blks_read'))})`)],
    },
    { ...SERIES, title: 'Free space of volumes', unit: 'percentunit', queries: [{ expr: `${agent('volume_available_bytes')} / ${agent('volume_size_bytes')}`, legend: `{{${INSTANCE}}} {{volume}}` }] },
    { ...SERIES, title: 'Size of databases', unit: 'bytes', queries: [{ expr: `max by (datname) (${postgres('database_size_bytes', 'datname!~"template.*"')})`, legend: '{{datname}}' }] },
    { ...SERIES, title: 'Deadlocks and conflicts', unit: 'ops', queries: [byInstance(`${rate(postgres('stat_database_deadlocks'))} + ${rate(postgres('stat_database_conflicts'))}`)] },
    { ...SERIES, title: 'Age of the Lease', unit: 's', queries: [each(agent('lease_age_seconds'))] },
    { ...SERIES, title: 'Slowest renewal of the Lease', unit: 's', queries: [each(agent('lease_slowest_renewal_seconds'))] },
    { ...SERIES, title: 'Longest transaction', unit: 's', queries: [{ expr: `max by (${INSTANCE}) (${postgres('stat_activity_max_tx_duration')})`, legend: `{{${INSTANCE}}}` }] },
  ];
}

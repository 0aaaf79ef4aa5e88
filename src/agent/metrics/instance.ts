/** What an instance's agent tells Prometheus: the cluster's own view of itself, which no exporter beside PostgreSQL has. */
import { LagMeter } from './lag.js';
import type { Metrics } from './registry.js';
import type { Lsn, Milliseconds, Snapshot } from '../core/types.js';
import type { Room } from '../local/volumes.js';

export interface InstanceFacts {
  readonly snapshot: () => Snapshot | null;
  readonly ready: () => boolean;
  readonly slowestRenewal: () => Milliseconds | null;
  /** By the wall clock; null when this agent has not seen itself become primary. */
  readonly promotedAt: () => Date | null;
  /** What the local standby has replayed. */
  readonly replayed: () => Lsn | null;
  /** The volumes, as last measured. */
  readonly rooms: () => readonly Room[];
}

/** Declares the metrics; the result is to be called after every pass of the loop. */
export function instanceMetrics(metrics: Metrics, facts: InstanceFacts): (snapshot: Snapshot) => void {
  const lag = new LagMeter();
  const of = <T>(read: (s: Snapshot) => T | null) => () => {
    const s = facts.snapshot();
    return s === null ? null : read(s);
  };
  metrics.gauge('primary', '1 while this instance holds the Lease and its PostgreSQL takes writes.', of(leads));
  metrics.gauge('ready', '1 while this instance serves: a primary that leads, or a replica that streams.', facts.ready);
  metrics.gauge('streaming', '1 while this instance is a replica that streams.', of(({ postgres }) => postgres.kind === 'standby' && postgres.streaming));
  metrics.gauge('timeline', 'The timeline that PostgreSQL is on.', of(({ postgres }) => position(postgres)?.timeline ?? null));
  metrics.gauge('wal_position_bytes', 'The end of the WAL that this instance has written (primary) or received (replica), in bytes since the beginning of time.',
    of(({ postgres }) => bytes(position(postgres)?.lsn ?? null)));
  metrics.gauge('receive_lag_bytes', 'WAL that the primary has and this replica has not received.', of((s) => behind(s, position(s.postgres)?.lsn ?? null)));
  metrics.gauge('replay_lag_bytes', 'WAL that the primary has and this replica does not show to its readers yet.', of((s) => behind(s, facts.replayed())));
  metrics.gauge('replay_lag_seconds', 'How old the oldest WAL is that the primary has and this replica does not show to its readers yet.',
    of((s) => s.postgres.kind === 'standby' ? lag.behindFor(s.now) / 1000 : null));
  metrics.gauge('lease_age_seconds', 'Since the Lease was last renewed, as this instance knows it.', of(leaseAge));
  metrics.gauge('lease_slowest_renewal_seconds', 'The slowest renewal of the Lease since the agent was started.', () => seconds(facts.slowestRenewal()));
  metrics.gauge('lease_transitions', 'How often the Lease has changed its holder.', of((s) => 'record' in s.lease ? s.lease.record.term : null));
  metrics.gauge('promotion_timestamp_seconds', 'When this instance became primary, if it has since its agent was started.', () => seconds(facts.promotedAt()?.getTime() ?? null));
  metrics.gauge('volume_size_bytes', 'Size of the volume.', () => facts.rooms().map(({ mount, size }) => ({ labels: { volume: mount.label }, value: Number(size) })));
  metrics.gauge('volume_available_bytes', 'What PostgreSQL may still write to the volume.', () => facts.rooms().map(({ mount, free }) => ({ labels: { volume: mount.label }, value: Number(free) })));
  return (s) => {
    if (s.postgres.kind === 'primary') lag.forget();
    else lag.observe(s.now, primaryPosition(s), facts.replayed());
  };
}

function leads(s: Snapshot): boolean {
  return s.postgres.kind === 'primary' && s.lease.kind === 'mine';
}

function position(postgres: Snapshot['postgres']) {
  return postgres.kind === 'primary' || postgres.kind === 'standby' ? postgres.position : null;
}

/** By its agent's word, at most a second old. */
function primaryPosition(s: Snapshot): Lsn | null {
  return s.peers.find(({ report }) => report?.role === 'primary')?.report?.position?.lsn ?? null;
}

function behind(s: Snapshot, mine: Lsn | null): number | null {
  const primary = primaryPosition(s);
  if (s.postgres.kind !== 'standby' || primary === null || mine === null) return null;
  return primary > mine ? bytes(primary - mine) : 0;
}

function leaseAge(s: Snapshot): number | null {
  switch (s.lease.kind) {
    case 'mine': return Number.isFinite(s.lease.grantedAt) ? (s.now - s.lease.grantedAt) / 1000 : null;
    case 'theirs': return (s.now - s.lease.since) / 1000;
    default: return null;
  }
}

function bytes(lsn: Lsn | null): number | null {
  return lsn === null ? null : Number(lsn);
}

function seconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1000;
}

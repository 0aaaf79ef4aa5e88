import type { Snapshot } from '../../../src/agent/core/types.js';
import { instanceMetrics, type InstanceFacts } from '../../../src/agent/metrics/instance.js';
import { Metrics } from '../../../src/agent/metrics/registry.js';
import { DEFAULT_TIMING } from '../../../src/contract';

const at = (timeline: number, lsn: bigint) => ({ timeline, lsn, history: [] });
const record = { version: '1', term: 7, holder: null, leader: { systemId: '1', timeline: 3, reserved: 3, lsn: 0n, release: null, inherited: null }, duration: 10_000 };
/** What of a snapshot the metrics look at. */
const seen = (part: Pick<Snapshot, 'now' | 'postgres' | 'lease' | 'peers'>) => part as Snapshot;
const primary = seen({
  now: 10_000, lease: { kind: 'mine', record, grantedAt: 9_000, timing: DEFAULT_TIMING }, peers: [],
  postgres: { kind: 'primary', systemId: '1', position: at(3, 5_000n) },
});
const standby = (now: number, lsn: bigint) => seen({
  now, lease: { kind: 'theirs', record, holder: { instance: '1', podUid: 'u', bootId: 'b', kernelBootId: 'k' }, since: now - 500 },
  postgres: { kind: 'standby', systemId: '1', position: at(3, lsn), upstream: '1', streaming: true, notStreamingSince: null, walRemoved: false },
  peers: [{
    instance: '1', reachedAt: now, leaving: false,
    report: { instance: '1', podUid: 'u', bootId: 'b', role: 'primary', systemId: '1', position: at(3, 5_000n), wasPrimary: true, streaming: false, unfit: null },
  }],
});

function told(snapshots: readonly Snapshot[], facts: Partial<InstanceFacts> = {}): Record<string, number> {
  let now: Snapshot | null = null;
  const metrics = new Metrics(() => ({}));
  const measure = instanceMetrics(metrics, {
    snapshot: () => now, ready: () => true, slowestRenewal: () => null, promotedAt: () => null, replayed: () => null, rooms: () => [], ...facts,
  });
  for (const snapshot of snapshots) {
    now = snapshot;
    measure(snapshot);
  }
  return Object.fromEntries(metrics.render().split('\n').filter((line) => line !== '' && !line.startsWith('#')).map((line) => {
    const [name, value] = line.split(' ');
    return [name!.replace('cdk8s_postgres_', ''), Number(value)];
  }));
}

test('a primary tells that it leads, where it is and how old its Lease is, and nothing of lag', () => {
  expect(told([primary], { slowestRenewal: () => 40, promotedAt: () => new Date(1_000) })).toEqual({
    primary: 1, ready: 1, streaming: 0, timeline: 3, wal_position_bytes: 5_000, lease_age_seconds: 1, lease_slowest_renewal_seconds: 0.04, lease_transitions: 7,
    promotion_timestamp_seconds: 1,
  });
});

test('a replica tells how far it is behind in what it has, and in what it shows', () => {
  expect(told([standby(1_000, 4_900n), standby(4_000, 4_900n)], { replayed: () => 4_000n })).toEqual({
    primary: 0, ready: 1, streaming: 1, timeline: 3, wal_position_bytes: 4_900, receive_lag_bytes: 100, replay_lag_bytes: 1_000, replay_lag_seconds: 3,
    lease_age_seconds: 0.5, lease_transitions: 7,
  });
});

test('an instance that has lost the Lease is no primary, whatever its PostgreSQL does', () => {
  expect(told([{ ...primary, lease: { kind: 'free', record, since: 0 } }])).toMatchObject({ primary: 0 });
});

test('before anything is known only what is known is told', () => {
  expect(told([], { ready: () => false })).toEqual({ ready: 0 });
});

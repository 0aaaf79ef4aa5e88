/** The equivalence classes of each field of the observation: values between which `decide` could tell a difference, one of each. */
import type { ClusterState, DataDirectory, Fork, Holder, LeaderRecord, LeaseView, Me, Peer, Postgres, Release, Report, Snapshot, WalPosition } from '../../src/agent/core/types';
import { DEFAULT_TIMING } from '../../src/contract/timing';

export const NOW = 100_000;
export const { leaseDuration, fenceAfter } = DEFAULT_TIMING;
const LONG_AGO = NOW - 60_000;

export const A = 'system-a';
export const B = 'system-b';
export const ME: Holder = { instance: '1', podUid: 'pod-1', bootId: 'boot-1', kernelBootId: 'kernel-1' };
const OTHER: Holder = { instance: '2', podUid: 'pod-2', bootId: 'boot-2', kernelBootId: 'kernel-2' };

const history: readonly Fork[] = [{ timeline: 1, lsn: 100n }];
const at = (timeline: number, lsn: bigint): WalPosition => ({ timeline, lsn, history: history.filter((fork) => fork.timeline < timeline) });

export const leaving: readonly Me['leavingSince'][] = [null, NOW - 1_000, NOW - 20_000];

export const listings: readonly Snapshot['spec']['instances'][] = [
  [{ name: '1', retire: false }, { name: '2', retire: false }, { name: '3', retire: false }],
  [{ name: '1', retire: false }, { name: '2', retire: false, givenVolume: true }, { name: '3', retire: false }],
  [{ name: '1', retire: true }, { name: '2', retire: false }, { name: '3', retire: false }],
  [{ name: '2', retire: false }, { name: '3', retire: false }],
];

const FOUNDER = 'incarnation-1';
const present = (systemId: string, end: WalPosition, wasPrimary: boolean, fresh = false, incarnation = FOUNDER): DataDirectory =>
  ({ kind: 'present', systemId, end, wasPrimary, fresh, incarnation });

export const data: readonly DataDirectory[] = [
  { kind: 'unknown' },
  { kind: 'absent' },
  { kind: 'incomplete', why: 'unfinished' },
  { kind: 'poisoned', why: 'half rewound' },
  { kind: 'unusable', code: 'otherMajor', why: 'other major' },
  { kind: 'unusable', code: 'unreadable', why: 'input/output error' },
  present(A, at(2, 200n), true),
  present(A, at(2, 200n), false),
  present(A, at(1, 90n), false),
  present(A, at(1, 150n), true),
  present(B, at(2, 200n), true),
  // Its own initdb came too late.
  present(B, at(1, 1n), true, true),
  // Its own restore of the same backup came too late.
  present(A, at(2, 200n), true, true, 'incarnation-2'),
];

const standby = (systemId: string, position: WalPosition, upstream: string | null, streaming: boolean): Postgres => ({
  kind: 'standby', systemId, position, upstream, streaming, notStreamingSince: streaming ? null : LONG_AGO, walRemoved: !streaming,
});

export const postgres: readonly Postgres[] = [
  { kind: 'stopped', lockFree: true },
  { kind: 'stopped', lockFree: false },
  { kind: 'starting', as: 'primary' },
  { kind: 'starting', as: 'standby' },
  { kind: 'stopping', as: 'primary' },
  { kind: 'stopping', as: 'standby' },
  { kind: 'unresponsive', as: 'primary', since: NOW - 10_000 },
  { kind: 'unresponsive', as: 'standby', since: NOW - 90_000 },
  { kind: 'primary', systemId: A, position: at(2, 200n) },
  { kind: 'primary', systemId: B, position: at(2, 200n) },
  standby(A, at(2, 200n), '2', true),
  standby(A, at(2, 180n), '3', false),
  standby(A, at(1, 150n), '2', false),
  standby(B, at(2, 200n), '2', true),
];

const release = (kind: Release['kind'], from: string, lsn: bigint): Release => ({ kind, from, timeline: 2, lsn });
const leader = (more: Partial<LeaderRecord> = {}): LeaderRecord =>
  ({ systemId: A, timeline: 2, reserved: 2, lsn: 200n, release: null, inherited: null, ...more });
const record = (holder: Holder | null, more: Partial<LeaderRecord> = {}) => ({ version: 'version', term: 7, holder, leader: leader(more), duration: leaseDuration });

const mine = (grantedAt: number, more: Partial<LeaderRecord> = {}): LeaseView => ({ kind: 'mine', grantedAt, record: record(ME, more), timing: DEFAULT_TIMING });
const theirs = (holder: Holder, since: number, more: Partial<LeaderRecord> = {}): LeaseView => ({ kind: 'theirs', record: record(holder, more), holder, since });

const UNBORN: Partial<LeaderRecord> = { systemId: null, timeline: 0, reserved: 0, lsn: 0n };

export const leases: readonly LeaseView[] = [
  { kind: 'absent', since: NOW - 2 * leaseDuration },
  { kind: 'unknown' },
  { kind: 'absent', since: NOW - 1_000 },
  { kind: 'absent', since: LONG_AGO },
  { kind: 'free', since: NOW - 50, record: record(null) },
  { kind: 'free', since: NOW - 50, record: record(null, { release: release('handover', '2', 190n) }) },
  { kind: 'free', since: NOW - 50, record: record(null, { release: release('handover', '2', 250n) }) },
  { kind: 'free', since: NOW - 50, record: record(null, { release: { ...release('handover', '2', 190n), to: '3' } }) },
  { kind: 'free', since: NOW - 50, record: record(null, { release: release('crashed', '1', 250n) }) },
  { kind: 'free', since: NOW - 50, record: record(null, { release: release('crashed', '2', 250n) }) },
  { kind: 'free', since: NOW - 50, record: record(null, { release: release('stopped', '2', 200n) }) },
  { kind: 'free', since: NOW - 50, record: record(null, { release: release('stopped', '1', 200n) }) },
  { kind: 'free', since: LONG_AGO, record: record(null, { release: release('stopped', '2', 200n) }) },
  { kind: 'free', since: LONG_AGO, record: record(null, { timeline: 3, reserved: 3 }) },
  // The last leader went on with timeline 1 after it had been left for timeline 2.
  { kind: 'free', since: LONG_AGO, record: record(null, { timeline: 1, release: { kind: 'crashed', from: '2', timeline: 1, lsn: 150n } }) },
  // Of a bootstrap that is not through, or was left.
  { kind: 'free', since: LONG_AGO, record: record(null, UNBORN) },
  mine(NOW - 100, UNBORN),
  mine(NOW - 100),
  mine(NOW - 100, { reserved: 3, inherited: release('crashed', '2', 250n) }),
  mine(NOW - 100, { reserved: 3 }),
  mine(NOW - 100, { reserved: 3, inherited: release('handover', '2', 190n) }),
  mine(NOW - fenceAfter),
  mine(NOW - fenceAfter - 1_500),
  mine(-Infinity),
  theirs(OTHER, NOW - 100),
  theirs(OTHER, LONG_AGO),
  // By a longer timing than this instance knows of.
  { kind: 'theirs', holder: OTHER, since: NOW - leaseDuration - 5_000, record: { ...record(OTHER), duration: 3 * leaseDuration } },
  // By a shorter one that has just been asked for.
  { kind: 'mine', grantedAt: NOW - 4_000, record: record(ME), timing: { ...DEFAULT_TIMING, fenceAfter: 3_200, killAfter: 4_400 } },
  theirs(OTHER, LONG_AGO, { inherited: release('handover', '2', 250n) }),
  theirs({ ...ME, bootId: 'boot-0' }, NOW - 100),
  theirs({ ...ME, podUid: 'pod-0', bootId: 'boot-9' }, NOW - 100),
  theirs({ ...ME, podUid: 'pod-0', bootId: 'boot-9', kernelBootId: 'kernel-9' }, NOW - 100),
];

export const states: readonly ClusterState[] = [
  { kind: 'unknown' },
  { kind: 'absent', claimedSystemIds: null },
  { kind: 'absent', claimedSystemIds: [] },
  { kind: 'absent', claimedSystemIds: [A] },
  { kind: 'present', systemId: null, initialized: false, initClaim: ME.bootId, founder: null, highestTimeline: 0 },
  { kind: 'present', systemId: null, initialized: false, initClaim: 'somebody', founder: null, highestTimeline: 0 },
  { kind: 'present', systemId: A, initialized: true, initClaim: null, founder: FOUNDER, highestTimeline: 2 },
  // Recorded by an agent that did not know of founders.
  { kind: 'present', systemId: A, initialized: true, initClaim: null, founder: null, highestTimeline: 2 },
];

const report = (holder: Holder, role: Report['role'], position: WalPosition | null, unfit: string | null = null): Report => ({
  instance: holder.instance, podUid: holder.podUid, bootId: holder.bootId, role, systemId: A, position, wasPrimary: role === 'primary', streaming: role === 'standby', unfit,
});
const peer = (about: Report | null, instance: string, going = false): Peer => ({ instance, reachedAt: about === null ? null : NOW - 10, report: about, leaving: going });
const third: Holder = { instance: '3', podUid: 'pod-3', bootId: 'boot-3', kernelBootId: 'kernel-3' };

export const peers: readonly (readonly Peer[])[] = [
  [peer(null, '2'), peer(null, '3')],
  [peer(report(OTHER, 'primary', at(2, 210n), 'it leads'), '2'), peer(report(third, 'standby', at(2, 205n)), '3')],
  [peer(report(OTHER, 'standby', at(2, 150n)), '2'), peer(report(third, 'standby', at(1, 90n)), '3')],
  [peer({ ...report(OTHER, 'none', null, 'no room is left'), data: 'absent' }, '2'), peer(report(third, 'standby', at(2, 195n), 'no room is left'), '3')],
  [peer(report(OTHER, 'primary', at(2, 210n), 'it is terminating'), '2', true), peer(report(third, 'none', null, 'its data directory is absent'), '3')],
];

export interface Late {
  readonly origin: Snapshot['spec']['origin'];
  readonly apiSince: Snapshot['apiSince'];
  readonly surveyedAt: Snapshot['surveyedAt'];
  readonly crash: Snapshot['crash'];
  readonly switchover: Snapshot['switchover'];
  readonly handover: Snapshot['handover'];
  readonly rebuild: Snapshot['rebuild'];
  readonly full: Snapshot['full'];
  readonly stopAskedAt: Snapshot['stopAskedAt'];
}

/** What matters on few paths only: together in a few combinations. */
export const late: readonly Late[] = [
  { origin: 'initdb', apiSince: LONG_AGO, surveyedAt: NOW - 20, crash: null, switchover: null, handover: 'pending', rebuild: null, full: null, stopAskedAt: null },
  { origin: 'initdb', apiSince: LONG_AGO, surveyedAt: NOW - 20, crash: null, switchover: { to: null, askedAt: NOW - 300 }, handover: 'pending', rebuild: null, full: null, stopAskedAt: null },
  { origin: 'backup', apiSince: LONG_AGO, surveyedAt: null, crash: { at: NOW - 100 }, switchover: { to: '3', askedAt: NOW - 300 }, handover: 'failed', rebuild: null, full: null, stopAskedAt: null },
  { origin: 'initdb', apiSince: null, surveyedAt: NOW - 20, crash: null, switchover: { to: '3', askedAt: NOW - 300 }, handover: 'done', rebuild: 'a rewind cannot work', full: null, stopAskedAt: NOW - 3_000 },
  { origin: 'initdb', apiSince: LONG_AGO, surveyedAt: NOW - 20, crash: { at: NOW - 100 }, switchover: { to: null, askedAt: NOW - 90_000 }, handover: 'pending', rebuild: null, full: 'no room is left', stopAskedAt: null },
];

export function* snapshots(): Generator<Snapshot> {
  for (const leavingSince of leaving) {
    const me: Me = { ...ME, deadBootIds: ['boot-0'], leavingSince };
    for (const instances of listings) {
      for (const directory of data) {
        for (const server of postgres) {
          for (const lease of leases) {
            for (const state of states) {
              for (const others of peers) {
                for (const { origin, ...rest } of late) {
                  const spec = { major: '17', instances, timing: DEFAULT_TIMING, origin };
                  yield { now: NOW, me, spec, data: directory, postgres: server, lease, state, peers: others, ...rest };
                }
              }
            }
          }
        }
      }
    }
  }
}

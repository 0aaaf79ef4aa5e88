/** What may be archived and fetched, and when. */
import { gateOf, mayFetch } from '../../../src/agent/backups/gate.js';
import type { LeaseView, Postgres, Snapshot } from '../../../src/agent/core/types.js';
import { DEFAULT_TIMING } from '../../../src/contract';

const record = { version: '1', term: 1, holder: null, leader: { systemId: null, timeline: 1, reserved: 1, lsn: 0n, release: null, inherited: null }, duration: 10_000 };
const mine: LeaseView = { kind: 'mine', record, grantedAt: 1_000, timing: DEFAULT_TIMING };
const free: LeaseView = { kind: 'free', record, since: 0 };
const position = { timeline: 1, lsn: 1n, history: [] };
const primary: Postgres = { kind: 'primary', systemId: '1', position };
const stopping: Postgres = { kind: 'stopping', as: 'primary' };
const standby = (more: Partial<Extract<Postgres, { kind: 'standby' }>> = {}): Postgres => ({
  kind: 'standby', systemId: '1', position, upstream: '1', streaming: false, notStreamingSince: 0, walRemoved: false, ...more,
});

function seen(postgres: Postgres, lease: LeaseView, now = 2_000): Snapshot {
  return { now, postgres, lease, stopAskedAt: null, spec: { major: '17', instances: [], timing: DEFAULT_TIMING } } as unknown as Snapshot;
}

test('the gate is open until the moment at which the Lease that is held would fence', () => {
  expect(gateOf(seen(primary, mine), false)).toBe('open 7000000000');
});

test('without the Lease, or with one that no request of one\'s own has proven, there is no gate', () => {
  expect(gateOf(seen(primary, free), false)).toBeNull();
  expect(gateOf(seen(primary, { ...mine, grantedAt: -Infinity }), false)).toBeNull();
});

test('a server that is being stopped waits little for its archive, and not at all when that fails or the Lease is gone', () => {
  // For all segments together, and never longer than the Lease.
  expect(gateOf({ ...seen(stopping, mine, 3_000), stopAskedAt: 2_000 }, false)).toBe('closing 4000000000');
  expect(gateOf({ ...seen(stopping, mine, 6_000), stopAskedAt: 6_000 }, false)).toBe('closing 7000000000');
  expect(gateOf({ ...seen(stopping, mine), stopAskedAt: 2_000 }, true)).toBe('closed 4000000000');
  expect(gateOf(seen(stopping, free), false)).toBe('closing 0');
});

test('a standby looks into the archive only when nobody has streamed to it for a while, and never while it may be promoted', () => {
  expect(mayFetch(seen(standby(), free, 9_000))).toBe(false);
  expect(mayFetch(seen(standby(), free, 10_000))).toBe(true);
  expect(mayFetch(seen(standby(), mine, 10_000))).toBe(false);
  expect(mayFetch(seen(standby({ streaming: true, notStreamingSince: null }), free, 10_000))).toBe(false);
  expect(mayFetch(seen(primary, free, 10_000))).toBe(false);
});

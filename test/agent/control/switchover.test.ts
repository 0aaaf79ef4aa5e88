/** A switchover as whoever asked for it sees it: refused with the reason, done, or undone. */
import { Switchovers } from '../../../src/agent/control/switchover.js';
import type { Peer, Snapshot } from '../../../src/agent/core/types.js';
import { DEFAULT_TIMING } from '../../../src/contract/timing.js';

const END = { timeline: 3, lsn: 0x500_0000n, history: [] };
const holder = (instance: string) => ({ instance, podUid: `pod-${instance}`, bootId: 'boot', kernelBootId: 'kernel' });
const leader = { systemId: 'system', timeline: 3, reserved: 3, lsn: END.lsn, release: null, inherited: null };

function standby(instance: string, more: Partial<NonNullable<Peer['report']>> = {}): Peer {
  const report = {
    instance, podUid: `pod-${instance}`, bootId: 'boot', role: 'standby' as const, systemId: 'system', position: END, wasPrimary: false, streaming: true, unfit: null, ...more,
  };
  return { instance, reachedAt: 0, leaving: false, report };
}

class World {
  time = 0;
  checkpoints = 0;
  asked: (string | null)[] = [];
  snapshot: Snapshot | null = this.primary([standby('2'), standby('3')]);
  /** What the next look shows, once the loop was asked. */
  then: (() => Snapshot)[] = [];
  readonly lines: string[] = [];
  readonly switchovers = new Switchovers({
    clock: {
      now: () => this.time,
      sleep: async (ms) => {
        this.time += ms;
        this.snapshot = this.then.shift()?.() ?? this.snapshot;
      },
    },
    snapshot: () => this.snapshot,
    handOver: (to) => { this.asked.push(to); },
    checkpoint: async () => { this.checkpoints++; },
  });

  primary(peers: readonly Peer[], switchover: Snapshot['switchover'] = null): Snapshot {
    return {
      now: this.time, me: { ...holder('1'), deadBootIds: [], leavingSince: null },
      spec: { major: '17', instances: ['1', '2', '3'].map((name) => ({ name, retire: false })), timing: DEFAULT_TIMING, origin: 'initdb' },
      data: { kind: 'present', systemId: 'system', end: END, wasPrimary: true, fresh: false, incarnation: null },
      postgres: { kind: 'primary', systemId: 'system', position: END },
      lease: { kind: 'mine', grantedAt: this.time, timing: DEFAULT_TIMING, record: { version: 'v', term: 1, holder: holder('1'), leader, duration: 10_000 } },
      apiSince: 0, state: { kind: 'unknown' }, peers, surveyedAt: 0, crash: null, switchover, handover: 'pending', rebuild: null, full: null, stopAskedAt: null,
    };
  }

  led(by: string, role: 'primary' | 'standby'): Snapshot {
    return {
      ...this.primary([standby(by, { role })]), postgres: { kind: 'stopped', lockFree: true },
      lease: { kind: 'theirs', holder: holder(by), since: this.time, record: { version: 'v2', term: 2, holder: holder(by), leader, duration: 10_000 } },
    };
  }

  ask(to: string | null) {
    return this.switchovers.ask(to, (line) => this.lines.push(line));
  }
}

test.each<[string, Peer[], string]>([
  ['2', [standby('2', { streaming: false })], 'instance 2 cannot take over: it does not stream'],
  ['2', [standby('2', { unfit: 'no room is left' })], 'instance 2 cannot take over: no room is left'],
  ['2', [standby('2', { position: { ...END, lsn: 0x100_0000n } })], 'instance 2 cannot take over: it lacks 67108864 bytes of the WAL, more than 16777216'],
  ['2', [standby('2', { position: { ...END, timeline: 2 } })], 'instance 2 cannot take over: it is on another timeline'],
  ['2', [{ ...standby('2'), leaving: true }], 'instance 2 cannot take over: its pod is being deleted'],
  ['2', [{ ...standby('2'), reachedAt: null }], 'instance 2 cannot take over: it does not answer'],
  ['1', [standby('2')], 'instance 1 is the primary already'],
  ['9', [standby('2')], 'the spec lists no instance 9; there are: 1, 2, 3'],
])('to instance %s with %j: refused, and the primary goes on', (to, peers, refused) => {
  const world = new World();
  world.snapshot = world.primary(peers);
  expect(world.ask(to)).toEqual({ refused });
  expect([world.asked, world.checkpoints]).toEqual([[], 0]);
});

test('without a name nobody is refused for another one\'s sake, and all reasons are told when nobody qualifies', () => {
  const world = new World();
  world.snapshot = world.primary([standby('2', { streaming: false }), { ...standby('3'), reachedAt: null }]);
  expect(world.ask(null)).toEqual({ refused: 'instance 2 cannot take over: it does not stream; instance 3 cannot take over: it does not answer' });
});

test('it is asked of the primary only, and the answer names who that is', () => {
  const world = new World();
  world.snapshot = world.led('3', 'primary');
  expect(world.ask(null)).toEqual({ refused: 'this is not the primary: instance 3 leads' });
  world.snapshot = null;
  expect(world.ask(null)).toEqual({ refused: 'this is not the primary, and nobody leads now' });
});

test('the checkpoint comes first, then the stop; it is done when another instance is primary, not when it holds the Lease', async () => {
  const world = new World();
  world.then = [() => world.primary([], { to: '2', askedAt: 0 }), () => world.led('2', 'standby'), () => world.led('2', 'standby'), () => world.led('2', 'primary')];
  expect(await world.ask('2')).toEqual({ ok: true });
  expect([world.checkpoints, world.asked]).toEqual([1, ['2']]);
  expect(world.lines.at(-1)).toBe('instance 2 is the primary, 200 ms after the stop began');
});

test('who no longer qualifies after the checkpoint is not handed over to', async () => {
  const world = new World();
  const answer = world.ask('2');
  world.snapshot = world.primary([standby('2', { streaming: false })]);
  expect(await answer).toEqual({ ok: false, message: 'instance 2 cannot take over: it does not stream' });
  expect(world.asked).toEqual([]);
});

test('a primary that nobody took over from says so', async () => {
  const world = new World();
  world.then = [() => world.primary([], { to: null, askedAt: 0 }), () => world.primary([])];
  expect(await world.ask(null)).toMatchObject({ ok: false, message: expect.stringContaining('nobody took over, and instance 1 is the primary again') as string });
});

test('a second one is refused while one is under way, and not after it', async () => {
  const world = new World();
  const first = world.ask(null);
  expect(world.ask(null)).toEqual({ refused: 'another switchover is under way' });
  world.then = [() => world.led('2', 'primary')];
  await first;
  world.snapshot = world.primary([standby('3')]);
  expect(world.ask('2')).toEqual({ refused: 'instance 2 cannot take over: it does not answer' });
});

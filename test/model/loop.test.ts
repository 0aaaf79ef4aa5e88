import type { Holder, LeaderRecord } from '../../src/agent/core/types';
import { LeaseKeeper } from '../../src/agent/lease-keeper';
import { Loop, retryAfter, type LoopPorts } from '../../src/agent/loop';
import { DEFAULT_TIMING, FAST_TIMING } from '../../src/contract/timing';

const MINUTE = 60_000;

test('a restore that failed after fetching everything is not begun again at once, and one that could not begin is', () => {
  expect(retryAfter({ do: 'restore' }, 40 * MINUTE, new Error('the archive ends before the target'))).toBe(40 * MINUTE);
  expect(retryAfter({ do: 'restore' }, 600 * MINUTE, new Error('the archive ends before the target'))).toBe(60 * MINUTE);
  expect(retryAfter({ do: 'restore' }, 20, new Error('Secret keys is not there'))).toBe(1_000);
  expect(retryAfter({ do: 'clone', upstream: '2' }, 40 * MINUTE, new Error('the upstream ended'))).toBe(1_000);
});

test('PID 1 is told of an earlier end before a request leaves by which others wait less (I2, I6)', async () => {
  const me: Holder = { instance: '1', podUid: 'pod', bootId: 'boot', kernelBootId: 'kernel' };
  const leader: LeaderRecord = { systemId: 'system', timeline: 1, reserved: 1, lsn: 1n, release: null, inherited: null };
  const said: string[] = [];
  let now = 1_000;
  let timing = DEFAULT_TIMING;
  let version = 1;
  const written = (body: { holder: Holder | null; leader: LeaderRecord; leaseDuration: number }) => {
    said.push(`request for ${body.leaseDuration}`);
    return Promise.resolve({ ok: true as const, value: { version: `v${++version}`, term: 1, holder: body.holder, leader: body.leader, duration: body.leaseDuration } });
  };
  const lease = new LeaseKeeper({ get: () => Promise.reject(new Error('not asked')), create: written, replace: (_, body) => written(body), watch: () => Promise.resolve() },
    { now: () => now, sleep: () => Promise.resolve() }, me, () => undefined);
  await lease.create(leader, DEFAULT_TIMING);
  const position = { timeline: 1, lsn: 1n, history: [] };
  let looks = 0;
  const passedTwice = new Promise<void>((resolve) => {
    const ports = {
      clock: {
        now: () => now,
        sleep: (_: number, signal?: AbortSignal) => {
          // What a pass waits for besides is there at once.
          if (signal === undefined) return new Promise<void>(() => undefined);
          if (++looks === 2) resolve();
          if (looks >= 2) return new Promise<void>(() => undefined);
          now = 3_000;
          timing = FAST_TIMING;
          return Promise.resolve();
        },
      },
      lease,
      states: { view: { kind: 'present', systemId: 'system', initialized: true, initClaim: null, founder: null, highestTimeline: 1 }, refresh: () => Promise.resolve() },
      peers: { known: [] },
      postgres: { view: { data: { kind: 'unknown' }, postgres: { kind: 'primary', systemId: 'system', position } }, refresh: () => Promise.resolve(), onDeath: () => undefined },
      volumes: { full: null, refresh: () => Promise.resolve() },
      deadman: { arm: (at: number) => { said.push(`arm ${at}`); }, disarm: () => undefined },
      journal: { decided: () => undefined, failed: () => undefined },
      spec: () => ({ major: '17', instances: [{ name: '1', retire: false }], timing, origin: 'initdb' }),
    } as unknown as LoopPorts;
    void new Loop(ports, { ...me, deadBootIds: [] }).run();
  });
  await passedTwice;
  const asked = said.indexOf(`request for ${FAST_TIMING.leaseDuration}`);
  expect(asked).toBeGreaterThan(0);
  expect(said[asked - 1]).toBe(`arm ${1_000 + FAST_TIMING.killAfter}`);
});

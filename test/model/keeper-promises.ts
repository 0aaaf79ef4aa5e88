/** What the LeaseKeeper promises, played with a store whose answers come when and as the promise wants them. */
import type { Holder, LeaderRecord, LeaseRecord } from '../../src/agent/core/types';
import type { LeaseBody, LeaseReading, LeaseStore, Result } from '../../src/agent/kube/types';
import type { LeaseKeeper } from '../../src/agent/lease-keeper';
import { DEFAULT_TIMING, FAST_TIMING, FRUGAL_TIMING } from '../../src/contract/timing';

const L = DEFAULT_TIMING.leaseDuration;
const ME: Holder = { instance: 'a', podUid: 'pod-a', bootId: 'boot-a', kernelBootId: 'kernel-a' };
const OTHER: Holder = { instance: 'b', podUid: 'pod-b', bootId: 'boot-b', kernelBootId: 'kernel-b' };
const LEADER: LeaderRecord = { systemId: 'system', timeline: 1, reserved: 1, lsn: 0n, release: null, inherited: null };

const lease = (version: string, holder: Holder | null): LeaseRecord => ({ version, term: 1, holder, leader: LEADER, duration: L });
const seen = (record: LeaseRecord): Result<LeaseReading> => ({ ok: true, value: { kind: 'present', record } });
const absent: Result<LeaseReading> = { ok: true, value: { kind: 'absent' } };
const silence = { ok: false, kind: 'unreachable', message: 'no answer in time' } as const;
const failed = (kind: 'conflict' | 'notFound' | 'exists') => ({ ok: false, kind, message: kind }) as const;

type Request = { readonly kind: 'get' | 'create' | 'replace'; readonly body: LeaseBody | null; readonly answer: (result: Result<never>) => void };

class Scene {
  now = 1_000;
  readonly requests: Request[] = [];
  readonly keeper: LeaseKeeper;

  constructor(Keeper: typeof LeaseKeeper) {
    const ask = (kind: Request['kind'], body: LeaseBody | null): Promise<never> => new Promise((resolve) => {
      this.requests.push({ kind, body, answer: (result) => resolve(result as never) });
    });
    const store: LeaseStore = {
      get: () => ask('get', null), create: (body) => ask('create', body), replace: (_, body) => ask('replace', body), watch: () => Promise.resolve(),
    };
    this.keeper = new Keeper(store, { now: () => this.now, sleep: () => Promise.resolve() }, ME, () => undefined);
  }

  /** Answers the oldest request that waits, or the one of that number. */
  async answer(result: Result<LeaseReading> | Result<LeaseRecord>, number = 0): Promise<void> {
    const [request] = this.requests.splice(number, 1);
    if (request === undefined) throw new Error('nothing was asked');
    request.answer(result as Result<never>);
    await this.settle();
  }

  /** A write is answered with what it wrote. */
  async written(version: string): Promise<void> {
    const body = this.requests[0]?.body;
    if (body === null || body === undefined) throw new Error('nothing was to be written');
    await this.answer({ ok: true, value: { ...lease(version, body.holder), leader: body.leader, duration: body.leaseDuration } });
  }

  async settle(): Promise<void> {
    for (let i = 0; i < 20; i++) await null;
  }

  async knows(record: LeaseRecord): Promise<void> {
    void this.keeper.read();
    await this.answer(seen(record));
  }

  /** Holds the Lease by a claim sent now. */
  async leads(): Promise<void> {
    await this.knows(lease('v1', null));
    void this.keeper.claim('v1', 2, DEFAULT_TIMING);
    await this.written('v2');
  }

  /** By which the grant ends now. */
  get fenceAfter(): number {
    return this.keeper.view.kind === 'mine' ? this.keeper.view.timing.fenceAfter : NaN;
  }

  get grantedAt(): number {
    return this.keeper.view.kind === 'mine' ? this.keeper.view.grantedAt : NaN;
  }
}

/** Resolves to what was found instead; null when the promise is kept. */
type Play = (scene: Scene) => Promise<unknown>;

export const KEEPER_PROMISES: Readonly<Record<string, readonly [wanted: unknown, play: Play]>> = {
  'a grant counts from the sending of the claim (I2)': [1_000, async (scene) => {
    await scene.knows(lease('v1', null));
    void scene.keeper.claim('v1', 2, DEFAULT_TIMING);
    scene.now += 1_200;
    await scene.written('v2');
    return scene.grantedAt;
  }],
  'a grant counts from the sending of the renewal (I2)': [3_000, async (scene) => {
    await scene.leads();
    scene.now = 3_000;
    void scene.keeper.renew({}, DEFAULT_TIMING);
    scene.now = 4_400;
    await scene.written('v3');
    return scene.grantedAt;
  }],
  'a renewal without an answer extends nothing, even when it is found to have happened': [1_000, async (scene) => {
    await scene.leads();
    scene.now = 3_000;
    void scene.keeper.renew({}, DEFAULT_TIMING);
    scene.now = 4_500;
    await scene.answer(silence);
    await scene.answer(seen(lease('v3', ME)));
    return scene.grantedAt;
  }],
  'a claim without an answer that is found to have happened grants nothing until a renewal is answered': [[-Infinity, 6_000], async (scene) => {
    await scene.knows(lease('v1', OTHER));
    void scene.keeper.claim('v1', 2, DEFAULT_TIMING);
    scene.now = 2_500;
    await scene.answer(silence);
    await scene.answer(seen(lease('v2', ME)));
    const found = scene.grantedAt;
    scene.now = 6_000;
    void scene.keeper.renew({}, DEFAULT_TIMING);
    await scene.written('v3');
    return [found, scene.grantedAt];
  }],
  'a claim that fails does not turn an older own Lease into a new grant': [-Infinity, async (scene) => {
    await scene.knows(lease('v1', OTHER));
    void scene.keeper.claim('v1', 2, DEFAULT_TIMING);
    await scene.answer(silence);
    await scene.answer(seen(lease('v1', OTHER)));
    // The first claim arrives after all; a second one is too late for the version that it was made for.
    scene.now = 9_000;
    void scene.keeper.claim('v1', 2, DEFAULT_TIMING);
    await scene.answer(failed('conflict'));
    await scene.answer(seen(lease('v2', ME)));
    return scene.grantedAt;
  }],
  'an answer from before a claim does not take the Lease away': ['mine', async (scene) => {
    await scene.knows(lease('v1', null));
    void scene.keeper.read();
    void scene.keeper.claim('v1', 2, DEFAULT_TIMING);
    await scene.answer({ ok: true, value: lease('v2', ME) }, 1);
    await scene.answer(seen(lease('v1', OTHER)));
    return scene.keeper.view.kind;
  }],
  'an answer that was overtaken by a newer one changes nothing': ['v9', async (scene) => {
    await scene.knows(lease('v7', OTHER));
    void scene.keeper.read();
    void scene.keeper.read();
    await scene.answer(seen(lease('v9', OTHER)), 1);
    await scene.answer(seen(lease('v8', OTHER)));
    return scene.keeper.view.kind === 'theirs' ? scene.keeper.view.record.version : scene.keeper.view.kind;
  }],
  'an own Lease that only the watch shows is read before it counts': [['free', ['get']], async (scene) => {
    await scene.knows(lease('v4', null));
    void scene.keeper.noticed({ kind: 'present', record: lease('v3', ME) });
    await scene.settle();
    return [scene.keeper.view.kind, scene.requests.map((r) => r.kind)];
  }],
  'another\'s Lease that only the watch shows does not end the own grant before it was read': [['mine', ['get']], async (scene) => {
    await scene.leads();
    void scene.keeper.noticed({ kind: 'present', record: lease('v1', OTHER) });
    await scene.settle();
    return [scene.keeper.view.kind, scene.requests.map((r) => r.kind)];
  }],
  'a release ends the grant before it is sent, and it stays ended when no answer comes': [[-Infinity, -Infinity], async (scene) => {
    await scene.leads();
    void scene.keeper.release('v2', null, DEFAULT_TIMING);
    await scene.settle();
    const sending = scene.grantedAt;
    await scene.answer(silence);
    await scene.answer(seen(lease('v2', ME)));
    return [sending, scene.grantedAt];
  }],
  'a release waits for the renewal that is under way and is then decided anew': [false, async (scene) => {
    await scene.leads();
    void scene.keeper.renew({}, DEFAULT_TIMING);
    const released = scene.keeper.release('v2', null, DEFAULT_TIMING);
    await scene.written('v3');
    return (await released).ok;
  }],
  'while a renewal is under way no other is due': [false, async (scene) => {
    await scene.leads();
    scene.now += 2_000;
    void scene.keeper.renew({}, DEFAULT_TIMING);
    scene.now += 1_400;
    return scene.keeper.renewalDue(DEFAULT_TIMING);
  }],
  'while a reading is under way no other is due': [false, async (scene) => {
    scene.now += 5_000;
    void scene.keeper.read();
    return scene.keeper.readDue(2_000);
  }],
  'a young grant makes a deleted Lease anew': [['create', 3_000], async (scene) => {
    await scene.leads();
    scene.now = 3_000;
    void scene.keeper.renew({}, DEFAULT_TIMING);
    await scene.answer(failed('notFound'));
    const asked = scene.requests[0]?.kind;
    await scene.written('v9');
    return [asked, scene.grantedAt];
  }],
  'an old grant does not: somebody else may have led since (I4)': [['get', 'absent'], async (scene) => {
    await scene.leads();
    scene.now = 1_000 + L;
    void scene.keeper.renew({}, DEFAULT_TIMING);
    await scene.answer(failed('notFound'));
    const asked = scene.requests[0]?.kind;
    await scene.answer(absent);
    return [asked, scene.keeper.view.kind];
  }],
  'a Lease that nobody renews is seen since its version was first seen, however often it is read (I4)': [1_000, async (scene) => {
    await scene.knows(lease('v1', OTHER));
    scene.now = 5_000;
    await scene.knows(lease('v1', OTHER));
    return scene.keeper.view.kind === 'theirs' ? scene.keeper.view.since : null;
  }],
  'a shorter timing ends the grant sooner from before it is asked for, whether the answer comes or not (I2)': [[[3_200, 4_400], 0, 3_200], async (scene) => {
    await scene.leads();
    scene.now = 2_000;
    const told: unknown[] = [];
    scene.keeper.onTightened(({ timing }) => { told.push([timing.fenceAfter, timing.killAfter], scene.requests.length); });
    void scene.keeper.renew({}, FAST_TIMING);
    await scene.settle();
    await scene.answer(silence);
    return [...told, scene.fenceAfter];
  }],
  'a longer timing counts when it has been answered, and not before (I2)': [[6_000, 30_000, 20_000], async (scene) => {
    await scene.leads();
    scene.now = 2_000;
    void scene.keeper.renew({}, FRUGAL_TIMING);
    await scene.settle();
    const asked = scene.requests[0]?.body?.leaseDuration;
    const before = scene.fenceAfter;
    await scene.written('v3');
    return [before, asked, scene.fenceAfter];
  }],
  'a grant is renewed as often as its own timing wants, until it has taken a longer one over': [[true, false], async (scene) => {
    await scene.leads();
    scene.now = 1_000 + DEFAULT_TIMING.renewInterval;
    const before = scene.keeper.renewalDue(FRUGAL_TIMING);
    void scene.keeper.renew({}, FRUGAL_TIMING);
    await scene.settle();
    await scene.written('v3');
    scene.now += DEFAULT_TIMING.renewInterval;
    return [before, scene.keeper.renewalDue(FRUGAL_TIMING)];
  }],
  'an old grant is renewed as it is before it takes a shorter timing, by which it would end at once': [[10_000, 6_000, 6_000, 3_200], async (scene) => {
    await scene.leads();
    scene.now = 5_000;
    void scene.keeper.renew({}, FAST_TIMING);
    await scene.settle();
    const first = [scene.requests[0]?.body?.leaseDuration, scene.fenceAfter];
    await scene.written('v3');
    scene.now = 6_000;
    void scene.keeper.renew({}, FAST_TIMING);
    await scene.settle();
    const second = scene.requests[0]?.body?.leaseDuration;
    await scene.written('v4');
    return [...first, second, scene.fenceAfter];
  }],
  'a claim remembers what the last holder left and reserves the timeline to be made': [[7, 'crashed', null], async (scene) => {
    const release = { kind: 'crashed', from: 'b', timeline: 1, lsn: 5n } as const;
    await scene.knows({ ...lease('v1', null), leader: { ...LEADER, release } });
    void scene.keeper.claim('v1', 7, DEFAULT_TIMING);
    const { leader } = scene.requests[0]!.body!;
    return [leader.reserved, leader.inherited?.kind, leader.release];
  }],
};

/** The promises that this keeper breaks, with what was found instead. */
export async function brokenByKeeper(Keeper: typeof LeaseKeeper): Promise<string[]> {
  const broken: string[] = [];
  for (const [promise, [wanted, play]] of Object.entries(KEEPER_PROMISES)) {
    const found = await play(new Scene(Keeper)).catch((error: unknown) => String(error));
    if (text(found) !== text(wanted)) broken.push(`${promise}: wanted ${text(wanted)}, found ${text(found)}`);
  }
  return broken;
}

function text(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'number' && !Number.isFinite(part) ? String(part) : part));
}

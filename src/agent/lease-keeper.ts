/**
 * The one place that reads and writes the Lease, and the only source of `LeaseView`.
 *
 * Two rules carry the safety (I2, I5): a grant counts from the moment *before* the request that got it was sent, and only an answer to that
 * very request proves it; and every write is conditional on the version that the decision was made for. What a lost answer was is settled by
 * reading again. An own Lease that is found that way is held but grants nothing, until a renewal is answered.
 */
import { isMe, tighter } from './core/lease.js';
import type { Holder, LeaderRecord, LeaseRecord, LeaseView, Milliseconds, Release } from './core/types.js';
import type { LeaseBody, LeaseReading, LeaseStore, Result } from './kube/types.js';
import type { Clock } from './ports.js';
import { DEFAULT_TIMING, type Timing } from '../contract/timing.js';

export type WriteOutcome = { readonly ok: true } | { readonly ok: false; readonly why: string };

type Grant = Extract<LeaseView, { kind: 'mine' }>;

export class LeaseKeeper {
  #view: LeaseView = { kind: 'unknown' };
  /** Since when every read has succeeded; null after a failure. */
  #apiSince: Milliseconds | null = null;
  #problem: string | null = null;
  #lastContact: Milliseconds = -Infinity;
  #lastSent: Milliseconds = -Infinity;
  #lastSendFailed = false;
  /** Of the last write. */
  #timing: Timing = DEFAULT_TIMING;
  #writing: Promise<unknown> | null = null;
  /** Counts the moments at which an answer to an earlier read became old news. */
  #epoch = 0;
  #reads = 0;
  #newestRead = 0;
  #reading = 0;

  #tightened: (view: Grant) => void = () => undefined;

  #slowestRenewal: Milliseconds | null = null;

  constructor(
    private readonly store: LeaseStore,
    private readonly clock: Clock,
    private readonly me: Holder,
    private readonly granted: (view: Grant) => void,
  ) {}

  get view(): LeaseView { return this.#view; }
  /** Called before a request is sent by which others may wait less than this grant lasts: from now on it ends sooner. */
  onTightened(listener: (view: Grant) => void): void { this.#tightened = listener; }
  get apiSince(): Milliseconds | null { return this.#apiSince; }
  /** How long the slowest renewal took to be answered, or not; null before the first. */
  get slowestRenewal(): Milliseconds | null { return this.#slowestRenewal; }
  get lastContact(): Milliseconds { return this.#lastContact; }

  /** A renewal that got no answer is repeated sooner, so that a short silence of the API server does not eat the whole grant. */
  renewalDue({ renewInterval }: Timing): boolean {
    // A grant ends by its own timing, however seldom the spec would have it renewed by now.
    const interval = this.#view.kind === 'mine' ? Math.min(this.#view.timing.renewInterval, renewInterval) : renewInterval;
    return this.#writing === null && this.clock.now() - this.#lastSent >= (this.#lastSendFailed ? interval / 4 : interval);
  }

  /** Nothing has been heard for that long, and nobody is asking. */
  readDue(renewInterval: Milliseconds): boolean {
    return this.#reading === 0 && this.clock.now() - this.#lastContact >= renewInterval;
  }

  /** Why the Lease cannot be used at all (unreadable, forbidden); null when it can. */
  get problem(): string | null { return this.#problem; }

  async read(): Promise<void> {
    const epoch = this.#epoch;
    const number = ++this.#reads;
    this.#reading += 1;
    const result = await this.store.get();
    this.#reading -= 1;
    this.#contact(result);
    // Answers may overtake each other, and a read from before a write says nothing about the time after it.
    if (epoch !== this.#epoch || number < this.#newestRead) return;
    this.#newestRead = number;
    if (result.ok) this.#see(result.value);
  }

  /**
   * A change that the watch saw, perhaps long ago. A claim on what it shows is conditional anyway; but the own Lease is never taken from it, or
   * given up for it: that is only a reason to read.
   */
  async noticed(reading: LeaseReading): Promise<void> {
    if (this.#writing !== null) return;
    const ours = reading.kind === 'present' && reading.record.holder !== null && isMe(reading.record.holder, this.me);
    if (ours === (this.#view.kind === 'mine')) {
      if (!ours) this.#see(reading);
      return;
    }
    await this.read();
  }

  async create(leader: LeaderRecord, timing: Timing): Promise<WriteOutcome> {
    return this.#claimBy((body) => this.store.create(body), leader, timing);
  }

  /** Takes the Lease over from `version`, remembering what its last holder left. */
  async claim(version: string, reserve: number, timing: Timing): Promise<WriteOutcome> {
    const record = this.#known(version);
    if (record === null) return { ok: false, why: 'the Lease has changed meanwhile' };
    const { leader } = record;
    const inherited = leader.release ?? leader.inherited;
    return this.#claimBy((body) => this.store.replace(record, body), { ...leader, reserved: Math.max(leader.reserved, reserve), release: null, inherited }, timing);
  }

  /** Lets go of `version`: the own Lease, or that of an earlier life of this instance. */
  async release(version: string, release: Release | null, timing: Timing): Promise<WriteOutcome> {
    await this.#writing;
    const record = this.#known(version);
    if (record === null) return { ok: false, why: 'the Lease has changed meanwhile' };
    const timeline = release === null ? record.leader.timeline : Math.max(record.leader.timeline, release.timeline);
    const leader: LeaderRecord = { ...record.leader, timeline, lsn: release?.lsn ?? record.leader.lsn, release, inherited: null };
    // A release whose answer is lost may still arrive: nothing is granted any more until a renewal has made it void.
    if (this.#view.kind === 'mine') this.#view = { ...this.#view, grantedAt: -Infinity };
    return this.#write(() => this.store.replace(record, { holder: null, leader, leaseDuration: timing.leaseDuration }));
  }

  /** Extends the own Lease and carries the newest sample along; quietly re-creates it when somebody has deleted it. */
  async renew(sample: Partial<Pick<LeaderRecord, 'systemId' | 'timeline' | 'lsn' | 'inherited'>>, timing: Timing): Promise<WriteOutcome> {
    const view = this.#view;
    if (view.kind !== 'mine' || this.#writing !== null) return { ok: false, why: 'the Lease is not this process\'s' };
    const sentAt = this.clock.now();
    const by = this.#timingFor(view, timing, sentAt);
    this.#timing = by;
    // Should the answer be lost, it is not known by which of the two the others wait; and it may be lost together with this process.
    this.#view = { ...view, timing: tighter(view.timing, by) };
    if (by !== view.timing) this.#tightened(this.#view);
    const body: LeaseBody = { holder: this.#holder(), leader: { ...view.record.leader, ...sample }, leaseDuration: by.leaseDuration };
    return this.#write(async () => {
      const result = await this.store.replace(view.record, body);
      this.#slowestRenewal = Math.max(this.#slowestRenewal ?? 0, this.clock.now() - sentAt);
      return !result.ok && result.kind === 'notFound' && this.#unbroken() ? this.store.create(body) : result;
    }, sentAt);
  }

  /**
   * A changed timing is taken over while the grant is young: from then on the tighter of the two counts, and an older grant would end by a short
   * timing at once. Until it is young, it is renewed as it is.
   */
  #timingFor({ grantedAt, timing }: Grant, wanted: Timing, now: Milliseconds): Timing {
    return now - grantedAt <= 2 * wanted.renewInterval ? wanted : timing;
  }

  async #claimBy(send: (body: LeaseBody) => Promise<Result<LeaseRecord>>, leader: LeaderRecord, timing: Timing): Promise<WriteOutcome> {
    this.#timing = timing;
    return this.#write(() => send({ holder: this.#holder(), leader, leaseDuration: timing.leaseDuration }), this.clock.now());
  }

  async #write(send: () => Promise<Result<LeaseRecord>>, sentAt?: Milliseconds): Promise<WriteOutcome> {
    if (this.#writing !== null) return { ok: false, why: 'another write is under way' };
    const writing = this.#send(send, sentAt).finally(() => { this.#writing = null; });
    this.#writing = writing;
    return writing;
  }

  async #send(send: () => Promise<Result<LeaseRecord>>, sentAt: Milliseconds | undefined): Promise<WriteOutcome> {
    this.#lastSent = this.clock.now();
    this.#epoch += 1;
    const result = await send();
    this.#epoch += 1;
    this.#lastSendFailed = !result.ok;
    this.#contact(result);
    if (result.ok) {
      this.#see({ kind: 'present', record: result.value }, sentAt);
      return { ok: true };
    }
    if (result.kind === 'forbidden' || result.kind === 'invalid') this.#problem = result.message;
    // The write may have happened all the same: what is there now is the truth.
    await this.read();
    return { ok: false, why: result.message };
  }

  /**
   * Should the Lease be deleted: the grant is so young that nobody can have led since: everybody else waits a whole duration (I4). The half leaves
   * room for the request itself and for clocks of different rates.
   */
  #unbroken(): boolean {
    return this.#view.kind === 'mine' && this.clock.now() - this.#view.grantedAt < this.#timing.leaseDuration / 2;
  }

  #see(reading: LeaseReading, sentAt?: Milliseconds): void {
    const now = this.clock.now();
    if (reading.kind === 'unreadable') {
      this.#problem = `the Lease cannot be read: ${reading.why}`;
      this.#view = { kind: 'unknown' };
      return;
    }
    this.#problem = null;
    if (reading.kind === 'absent') {
      // A deleted Lease does not end a young grant: the next renewal makes it anew.
      if (this.#unbroken()) return;
      if (this.#view.kind !== 'absent') this.#view = { kind: 'absent', since: now };
      return;
    }
    const { record } = reading;
    if (record.holder !== null && isMe(record.holder, this.me)) {
      this.#seeMine(record, sentAt);
      return;
    }
    if (record.holder === null) {
      if (this.#view.kind !== 'free' || this.#view.record.version !== record.version) this.#view = { kind: 'free', record, since: now };
      return;
    }
    if (this.#view.kind !== 'theirs' || this.#view.record.version !== record.version) {
      this.#view = { kind: 'theirs', record, holder: record.holder, since: now };
    }
  }

  /** `sentAt` is known when this is the answer to a write. */
  #seeMine(record: LeaseRecord, sentAt: Milliseconds | undefined): void {
    const grantedAt = sentAt ?? (this.#view.kind === 'mine' ? this.#view.grantedAt : -Infinity);
    const timing = sentAt === undefined && this.#view.kind === 'mine' ? this.#view.timing : this.#timing;
    this.#view = { kind: 'mine', record, grantedAt, timing };
    this.granted(this.#view);
  }

  #known(version: string): LeaseRecord | null {
    const view = this.#view;
    return (view.kind === 'free' || view.kind === 'theirs' || view.kind === 'mine') && view.record.version === version ? view.record : null;
  }

  #contact(result: Result<unknown>): void {
    const answered = result.ok || (result.kind !== 'unreachable' && result.kind !== 'forbidden');
    const now = this.clock.now();
    if (answered) this.#lastContact = now;
    this.#apiSince = answered ? this.#apiSince ?? now : null;
    if (!result.ok && result.kind === 'forbidden') this.#problem = result.message;
  }

  #holder(): Holder {
    const { instance, podUid, bootId, kernelBootId } = this.me;
    return { instance, podUid, bootId, kernelBootId };
  }
}

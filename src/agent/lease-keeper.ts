/**
 * The one place that reads and writes the Lease, and the only source of `LeaseView`.
 *
 * Two rules carry the safety (I2, I5): a grant counts from the moment *before* the request that got it was sent; and every write is
 * conditional on the version that the decision was made for. A lost answer is settled by reading again: only this process writes its boot id.
 */
import { isMe } from './core/lease.js';
import type { Holder, LeaderRecord, LeaseRecord, LeaseView, Milliseconds, Release } from './core/types.js';
import type { LeaseBody, LeaseReading, LeaseStore, Result } from './kube/types.js';
import type { Clock } from './ports.js';

export type WriteOutcome = { readonly ok: true } | { readonly ok: false; readonly why: string };

export class LeaseKeeper {
  #view: LeaseView = { kind: 'unknown' };
  /** Since when every read has succeeded; null after a failure. */
  #apiSince: Milliseconds | null = null;
  #problem: string | null = null;
  /** The earliest moment that a claim whose outcome is not known was sent. */
  #claimSentAt: Milliseconds | null = null;
  #lastContact: Milliseconds = -Infinity;
  #lastSent: Milliseconds = -Infinity;
  #lastSendFailed = false;
  #writing = false;

  constructor(
    private readonly store: LeaseStore,
    private readonly clock: Clock,
    private readonly me: Holder,
    private readonly granted: (view: Extract<LeaseView, { kind: 'mine' }>) => void,
  ) {}

  get view(): LeaseView { return this.#view; }
  get apiSince(): Milliseconds | null { return this.#apiSince; }
  get lastContact(): Milliseconds { return this.#lastContact; }

  /** A renewal that got no answer is repeated sooner, so that a short silence of the API server does not eat the whole grant. */
  renewalDue(renewInterval: Milliseconds): boolean {
    return this.clock.now() - this.#lastSent >= (this.#lastSendFailed ? renewInterval / 4 : renewInterval);
  }
  /** Why the Lease cannot be used at all (unreadable, forbidden); null when it can. */
  get problem(): string | null { return this.#problem; }

  async read(): Promise<void> {
    const result = await this.store.get();
    this.#contact(result);
    if (result.ok) this.#see(result.value);
  }

  /** A change that the watch saw. While this process leads, it is only a reason to read; otherwise a claim on it is conditional anyway. */
  async noticed(reading: LeaseReading): Promise<void> {
    if (this.#view.kind === 'mine' || this.#writing) {
      const ours = reading.kind === 'present' && reading.record.holder !== null && isMe(reading.record.holder, this.me);
      if (!ours && !this.#writing) await this.read();
      return;
    }
    this.#see(reading);
  }

  async create(leader: LeaderRecord, leaseDuration: Milliseconds): Promise<WriteOutcome> {
    return this.#claimBy((body) => this.store.create(body), leader, leaseDuration);
  }

  /** Takes the Lease over from `version`, remembering what its last holder left. */
  async claim(version: string, leaseDuration: Milliseconds): Promise<WriteOutcome> {
    const record = this.#known(version);
    if (record === null) return { ok: false, why: 'the Lease has changed meanwhile' };
    const { leader } = record;
    const inherited = leader.release ?? leader.inherited;
    return this.#claimBy((body) => this.store.replace(record, body), { ...leader, release: null, inherited }, leaseDuration);
  }

  /** Lets go of `version`: the own Lease, or that of an earlier life of this instance. */
  async release(version: string, release: Release | null, leaseDuration: Milliseconds): Promise<WriteOutcome> {
    const record = this.#known(version);
    if (record === null) return { ok: false, why: 'the Lease has changed meanwhile' };
    const timeline = release === null ? record.leader.timeline : Math.max(record.leader.timeline, release.timeline);
    const leader: LeaderRecord = { ...record.leader, timeline, lsn: release?.lsn ?? record.leader.lsn, release, inherited: null };
    return this.#write(() => this.store.replace(record, { holder: null, leader, leaseDuration }));
  }

  /** Extends the own Lease and carries the newest sample along; quietly re-creates it when somebody has deleted it. */
  async renew(sample: Partial<Pick<LeaderRecord, 'systemId' | 'timeline' | 'lsn' | 'inherited'>>, leaseDuration: Milliseconds): Promise<WriteOutcome> {
    const view = this.#view;
    if (view.kind !== 'mine' || this.#writing) return { ok: false, why: 'the Lease is not this process\'s' };
    const body: LeaseBody = { holder: this.#holder(), leader: { ...view.record.leader, ...sample }, leaseDuration };
    const sentAt = this.clock.now();
    return this.#write(async () => {
      const result = await this.store.replace(view.record, body);
      // Everybody else waits a whole duration when the Lease is gone (I4), which is longer than this grant lasts.
      return !result.ok && result.kind === 'notFound' ? this.store.create(body) : result;
    }, sentAt);
  }

  async #claimBy(send: (body: LeaseBody) => Promise<Result<LeaseRecord>>, leader: LeaderRecord, leaseDuration: Milliseconds): Promise<WriteOutcome> {
    const sentAt = this.clock.now();
    this.#claimSentAt ??= sentAt;
    return this.#write(() => send({ holder: this.#holder(), leader, leaseDuration }), sentAt);
  }

  async #write(send: () => Promise<Result<LeaseRecord>>, sentAt?: Milliseconds): Promise<WriteOutcome> {
    if (this.#writing) return { ok: false, why: 'another write is under way' };
    this.#writing = true;
    this.#lastSent = this.clock.now();
    try {
      const result = await send();
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
    } finally {
      this.#writing = false;
    }
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
      // A deleted Lease does not end a grant: the next renewal makes it anew, and until then everybody else waits (I4).
      if (this.#view.kind === 'mine') return;
      this.#claimSentAt = null;
      if (this.#view.kind !== 'absent') this.#view = { kind: 'absent', since: now };
      return;
    }
    const { record } = reading;
    if (record.holder !== null && isMe(record.holder, this.me)) {
      this.#seeMine(record, sentAt);
      return;
    }
    this.#claimSentAt = null;
    if (record.holder === null) {
      if (this.#view.kind !== 'free' || this.#view.record.version !== record.version) this.#view = { kind: 'free', record, since: now };
      return;
    }
    if (this.#view.kind !== 'theirs' || this.#view.record.version !== record.version) {
      this.#view = { kind: 'theirs', record, holder: record.holder, since: now };
    }
  }

  /** `sentAt` is known when this is the answer to a write; a read that finds an own write settles it by the earliest moment it can have been sent. */
  #seeMine(record: LeaseRecord, sentAt: Milliseconds | undefined): void {
    const before = this.#view.kind === 'mine' ? this.#view.grantedAt : this.#claimSentAt;
    const grantedAt = sentAt ?? before;
    if (grantedAt === null) return; // A stale reading of a Lease that was let go of.
    this.#claimSentAt = null;
    this.#view = { kind: 'mine', record, grantedAt };
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

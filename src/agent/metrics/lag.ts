/**
 * How far a standby is behind, in seconds, by this machine's monotonic clock alone: the age of the oldest position of the primary that is known
 * and not replayed yet. PostgreSQL's own answer, the age of the last transaction, grows on an idle primary and compares two machines' clocks.
 */
import type { Lsn, Milliseconds } from '../core/types.js';

interface Seen {
  readonly at: Milliseconds;
  readonly lsn: Lsn;
}

/** Positions that are remembered; beyond that every second one is forgotten, never the oldest, and new ones are noted half as often. */
const MOST = 512;

export class LagMeter {
  /** Not replayed yet, oldest first. */
  #ahead: Seen[] = [];
  #every: Milliseconds = 0;

  /** `primary`: where it was just now; null when nobody can tell. */
  observe(now: Milliseconds, primary: Lsn | null, replayed: Lsn | null): void {
    const last = this.#ahead.at(-1);
    // A new primary may begin before the end of what the old one had written.
    if (primary !== null && last !== undefined && primary < last.lsn) this.forget();
    const newest = this.#ahead.at(-1);
    if (primary !== null && (newest === undefined || (primary > newest.lsn && now - newest.at >= this.#every))) this.#ahead.push({ at: now, lsn: primary });
    if (replayed !== null) this.#ahead = this.#ahead.filter(({ lsn }) => lsn > replayed);
    if (this.#ahead.length === 0) this.#every = 0;
    if (this.#ahead.length <= MOST) return;
    this.#ahead = this.#ahead.filter((_, index) => index % 2 === 0);
    this.#every = 2 * (now - this.#ahead[0]!.at) / MOST;
  }

  forget(): void {
    this.#ahead = [];
    this.#every = 0;
  }

  behindFor(now: Milliseconds): Milliseconds {
    const oldest = this.#ahead[0];
    return oldest === undefined ? 0 : now - oldest.at;
  }
}

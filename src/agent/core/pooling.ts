/** Where a pooler sends its clients, and when it holds them back (architecture.md 20). */
import type { Milliseconds } from './types.js';
import type { Timing } from '../../contract/timing.js';

/** Whoever holds the Lease, and since which change of hands. */
export interface Reign {
  readonly instance: string;
  /** Differs from one reign to the next, also of the same instance: in between, its PostgreSQL was not primary. */
  readonly id: string;
}

export interface Pooling {
  readonly now: Milliseconds;
  /** null: nobody holds the Lease. */
  readonly reign: Reign | null;
  /** Its PostgreSQL lets this pooler in and takes writes. */
  readonly serves: boolean;
  /** The reign whose primary pgBouncer's servers are; null while pgBouncer does not run. */
  readonly pointedTo: string | null;
  /** Since when clients are held back; null when they are not. */
  readonly pausedSince: Milliseconds | null;
  /** For how long they may be. */
  readonly longestPause: Milliseconds;
  /** They have been held back as long as may be, and not been served since. */
  readonly pauseSpent: boolean;
}

export type PoolingAction =
  | { readonly do: 'wait' }
  | { readonly do: 'pause' }
  | { readonly do: 'point'; readonly reign: Reign }
  /** `spent`: nobody to serve them was found. */
  | { readonly do: 'resume'; readonly spent: boolean };

/** An election takes so much longer than the Lease of a primary that is lost takes to run out. */
const ELECTED_WITHIN: Milliseconds = 5_000;

/** A client that has waited this long is told the truth instead (I43). */
export function longestPause({ leaseDuration }: Timing): Milliseconds {
  return leaseDuration + ELECTED_WITHIN;
}

export function decidePooling(s: Pooling): PoolingAction {
  const settled = s.reign !== null && s.reign.id === s.pointedTo;
  if (settled) return s.pausedSince === null ? { do: 'wait' } : { do: 'resume', spent: false };
  if (s.reign !== null && s.serves) return { do: 'point', reign: s.reign };
  if (s.pointedTo === null) return { do: 'wait' };
  if (s.pausedSince !== null) return s.now - s.pausedSince < s.longestPause ? { do: 'wait' } : { do: 'resume', spent: true };
  return { do: s.pauseSpent ? 'wait' : 'pause' };
}

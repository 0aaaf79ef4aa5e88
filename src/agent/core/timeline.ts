/** Ancestry of timelines: may a data directory follow, or lead, without losing or inventing history? */
import type { Fork, Lsn, WalPosition } from './types.js';

/** Where `timeline` was left on the way to the position's own timeline; null when it is not an ancestor (or is the timeline itself). */
export function forkOf(timeline: number, of: WalPosition): Lsn | null {
  return of.history.find((fork) => fork.timeline === timeline)?.lsn ?? null;
}

function sameHistory(a: readonly Fork[], b: readonly Fork[]): boolean {
  return a.length === b.length && a.every((fork, i) => fork.timeline === b[i]!.timeline && fork.lsn === b[i]!.lsn);
}

export type Relation =
  /** Same timeline, or an ancestor left before it diverged: it can simply follow. */
  | { readonly kind: 'canFollow' }
  /** It has WAL that the other's history does not have; pg_rewind from `fork` on. */
  | { readonly kind: 'diverged'; readonly fork: Lsn }
  /** It is on a timeline that the other does not know: nothing can be said about a common point but by pg_rewind itself. */
  | { readonly kind: 'unrelated' };

/**
 * How `mine` stands to `theirs`.
 *
 * On the same timeline a follower may have more WAL than its new leader only when that leader has lost some; then it must rewind too.
 * Two timelines of one number with different histories were born in two promotions that did not know of each other (I10).
 */
export function relate(mine: WalPosition, theirs: WalPosition): Relation {
  if (mine.timeline === theirs.timeline) {
    if (!sameHistory(mine.history, theirs.history)) return { kind: 'unrelated' };
    return { kind: 'canFollow' };
  }
  const fork = forkOf(mine.timeline, theirs);
  if (fork === null) return { kind: 'unrelated' };
  const ancestors = theirs.history.filter((f) => f.timeline < mine.timeline);
  if (!sameHistory(mine.history, ancestors)) return { kind: 'unrelated' };
  return mine.lsn <= fork ? { kind: 'canFollow' } : { kind: 'diverged', fork };
}

/** Order of positions by timeline, then by WAL. */
export function comparePositions(a: WalPosition, b: WalPosition): number {
  if (a.timeline !== b.timeline) return a.timeline - b.timeline;
  if (a.lsn === b.lsn) return 0;
  return a.lsn < b.lsn ? -1 : 1;
}

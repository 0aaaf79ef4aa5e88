/**
 * Histories of a database as they truly are, beside how PostgreSQL numbers them.
 *
 * Two promotions that do not know of each other take the same timeline number; here they are still two branches, which is how the
 * simulation notices what PostgreSQL would not.
 */
import type { Fork, WalPosition } from '../../../src/agent/core/types.js';

export interface Branch {
  readonly timeline: number;
  readonly parent: Branch | null;
  /** Where it left its parent. */
  readonly start: number;
  /** As PostgreSQL writes it: numbers only. */
  readonly history: readonly Fork[];
}

/** What a data directory holds. */
export interface Data {
  readonly systemId: string;
  branch: Branch;
  end: number;
  /** It has no standby.signal. */
  wasPrimary: boolean;
  /** A shutdown checkpoint is its last record. */
  clean: boolean;
  /** Made by initdb or by a restore and never started. */
  fresh: boolean;
  /** Who it is; made anew by initdb, restore and clone. */
  readonly incarnation: string | null;
}

export function firstBranch(): Branch {
  return { timeline: 1, parent: null, start: 0, history: [] };
}

/** What a promotion at `end` makes, whoever else may have taken the number. */
export function branchFrom(parent: Branch, end: number, timeline: number): Branch {
  const history = [...parent.history, { timeline: parent.timeline, lsn: BigInt(end) }];
  return { timeline, parent, start: end, history };
}

/** How far a history that ends at `end` on `branch` goes along `other`; -1 when it never was on it. */
export function reaches(branch: Branch, end: number, other: Branch): number {
  for (let at: Branch | null = branch, limit = end; at !== null; limit = Math.min(limit, at.start), at = at.parent) {
    if (at === other) return limit;
  }
  return -1;
}

/** Everything that `part` holds is in `whole` too. */
export function holdsAllOf(whole: Pick<Data, 'branch' | 'end'>, part: Pick<Data, 'branch' | 'end'>): boolean {
  return reaches(whole.branch, whole.end, part.branch) >= part.end;
}

export function positionOf(data: Data): WalPosition {
  return { timeline: data.branch.timeline, lsn: BigInt(data.end), history: data.branch.history };
}

/** Why a standby with `mine` cannot stream from a server with `theirs`, by PostgreSQL's own checks, which know only numbers; null when it can. */
export function refusedStream(mine: Data, theirs: Data): string | null {
  if (mine.systemId !== theirs.systemId) return 'database system identifier differs';
  const timeline = mine.branch.timeline;
  if (theirs.branch.timeline < timeline) return 'highest timeline of the primary is behind recovery timeline';
  if (theirs.branch.timeline === timeline) return mine.end > theirs.end ? 'requested starting point is ahead of the WAL flush position' : null;
  const fork = theirs.branch.history.find((f) => f.timeline === timeline);
  return fork === undefined || mine.end > Number(fork.lsn) ? 'requested starting point is not in this server\'s history' : null;
}

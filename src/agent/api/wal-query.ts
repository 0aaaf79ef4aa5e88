/** The stretch of WAL in the query of a request: `timeline=2&from=0/3000060&end=0/30019C8`. */
import { formatLsn, parseLsn } from '../core/lsn.js';
import type { WalRange } from '../postgres/types.js';

export function formatWalQuery(range: WalRange): string {
  return new URLSearchParams({ timeline: `${range.timeline}`, from: formatLsn(range.from), end: formatLsn(range.end) }).toString();
}

/** null when it is none. */
export function parseWalQuery(query: URLSearchParams): WalRange | null {
  const timeline = Number(query.get('timeline'));
  if (!Number.isInteger(timeline) || timeline < 1) return null;
  try {
    const range = { timeline, from: parseLsn(query.get('from') ?? ''), end: parseLsn(query.get('end') ?? '') };
    return range.from <= range.end ? range : null;
  } catch {
    return null;
  }
}

/** After a crash: is there a replica that is up sooner than a restart in place? */
import type { Lsn, Snapshot } from './types.js';

/** More WAL than this is not handed over; redoing it in place is as quick. */
export const HANDOVER_LIMIT: Lsn = 256n * 1024n * 1024n;

/** The instance that should take over from this crashed primary; null when it should rather restart in place. */
export function crashSuccessor(s: Snapshot): string | null {
  if (s.data.kind !== 'present' || s.me.leavingSince !== null && s.peers.length === 0) return null;
  const { timeline, lsn } = s.data.end;
  const best = s.peers
    .filter((peer) => !peer.leaving && peer.reachedAt !== null && peer.report !== null)
    .map((peer) => peer.report!)
    .filter((report) => report.role === 'standby' && report.unfit === null && report.position !== null)
    .filter((report) => report.position!.timeline === timeline && lsn - report.position!.lsn <= HANDOVER_LIMIT)
    .sort((a, b) => Number(b.position!.lsn - a.position!.lsn) || (a.instance < b.instance ? -1 : 1))[0];
  return best?.instance ?? null;
}

/** After a crash, or for want of room: is there a replica that is up sooner than a restart in place? */
import type { Lsn, Report, Snapshot } from './types.js';

/** More WAL than this is not handed over; redoing it in place is as quick. */
export const HANDOVER_LIMIT: Lsn = 256n * 1024n * 1024n;

/** The instance that should take over from this crashed primary; null when it should rather restart in place. */
export function crashSuccessor(s: Snapshot): string | null {
  if (s.data.kind !== 'present' || s.me.leavingSince !== null && s.peers.length === 0) return null;
  return nearest(s, s.data.end)?.instance ?? null;
}

/** The instance that this full primary should hand over to; null when nobody with room has nearly all of its WAL. */
export function successorWithRoom(s: Snapshot): string | null {
  if (s.full === null || s.postgres.kind !== 'primary') return null;
  const best = nearest(s, s.postgres.position);
  return best?.streaming === true ? best.instance : null;
}

function nearest(s: Snapshot, { timeline, lsn }: { readonly timeline: number; readonly lsn: Lsn }): Report | undefined {
  return s.peers
    .filter((peer) => !peer.leaving && peer.reachedAt !== null && peer.report !== null)
    .map((peer) => peer.report!)
    .filter((report) => report.role === 'standby' && report.unfit === null && report.position !== null)
    .filter((report) => report.position!.timeline === timeline && lsn - report.position!.lsn <= HANDOVER_LIMIT)
    .sort((a, b) => Number(b.position!.lsn - a.position!.lsn) || (a.instance < b.instance ? -1 : 1))[0];
}

/**
 * A switchover that a person asks for: whom this primary would hand over to, or why to nobody (I17).
 *
 * The choice is made before PostgreSQL stops, by what a candidate says then. Whether it holds is seen after the shutdown checkpoint, of which
 * the release says where it ends: who lacks it is not eligible, and this instance takes the Lease back and goes on.
 */
import type { Lsn, Milliseconds, Peer, Snapshot, WalPosition } from './types.js';

/** A standby that lacks more than this would keep the stop waiting, and all clients with it. */
export const SWITCHOVER_LAG: Lsn = 16n * 1024n * 1024n;

/** What was asked longer ago is not begun any more: whoever asked has been told that it did not come about. */
export const SWITCHOVER_WITHIN: Milliseconds = 60_000;

export interface SwitchoverCandidate {
  readonly instance: string;
  readonly position: WalPosition | null;
  /** Bytes of WAL; null when it is on another timeline, or not known. What it has received since it last spoke is not known, so it may be less. */
  readonly lacks: Lsn | null;
  /** Why it could not take over now; null when it could. */
  readonly why: string | null;
}

/** All other instances, the one first that would be chosen. Asked of a snapshot of the primary. */
export function switchoverCandidates(s: Snapshot): readonly SwitchoverCandidate[] {
  return s.spec.instances
    .filter(({ name }) => name !== s.me.instance)
    .map(({ name }) => ({ instance: name, position: peerOf(s, name)?.report?.position ?? null, lacks: lacks(s, name), why: unqualified(s, name) }))
    .sort((a, b) => Number(a.why !== null) - Number(b.why !== null) || Number((a.lacks ?? 0n) - (b.lacks ?? 0n)));
}

/** Why a switchover to that instance, or to any, cannot be; null when it can. */
export function switchoverRefusal(s: Snapshot, to: string | null): string | null {
  if (to === s.me.instance) return `instance ${to} is the primary already`;
  const candidates = switchoverCandidates(s).filter(({ instance }) => to === null || instance === to);
  if (candidates.some(({ why }) => why === null)) return null;
  if (candidates.length === 0) return to === null ? 'there is no other instance' : `the spec lists no instance ${to}; there are: ${s.spec.instances.map(({ name }) => name).join(', ')}`;
  return candidates.map(({ instance, why }) => `instance ${instance} cannot take over: ${why}`).join('; ');
}

/** To whom a switchover that was asked for goes, now; null when none was, or when nobody could take over any more. */
export function askedFor(s: Snapshot): string | null {
  if (s.switchover === null || s.now - s.switchover.askedAt > SWITCHOVER_WITHIN) return null;
  const { to } = s.switchover;
  return switchoverCandidates(s).find(({ instance, why }) => why === null && (to === null || instance === to))?.instance ?? null;
}

/** Why an instance could not take over now; null when it could. */
function unqualified(s: Snapshot, instance: string): string | null {
  if (s.spec.instances.some(({ name, retire }) => name === instance && retire)) return 'it is to be retired';
  const peer = peerOf(s, instance);
  if (peer?.leaving === true) return 'its pod is being deleted';
  const report = peer?.reachedAt === null ? null : peer?.report ?? null;
  if (report === null) return 'it does not answer';
  if (report.unfit !== null) return report.unfit;
  if (report.role !== 'standby') return 'it is no standby';
  const missing = lacks(s, instance);
  if (missing === null) return 'it is on another timeline';
  // Once PostgreSQL has stopped nobody streams, and what counts is who has the end.
  if (s.postgres.kind === 'primary' && !report.streaming) return 'it does not stream';
  return missing > SWITCHOVER_LAG ? `it lacks ${missing} bytes of the WAL, more than ${SWITCHOVER_LAG}` : null;
}

function lacks(s: Snapshot, instance: string): Lsn | null {
  const theirs = peerOf(s, instance)?.report?.position ?? null;
  const mine = s.postgres.kind === 'primary' ? s.postgres.position : s.data.kind === 'present' ? s.data.end : null;
  if (theirs === null || mine === null || theirs.timeline !== mine.timeline) return null;
  return mine.lsn > theirs.lsn ? mine.lsn - theirs.lsn : 0n;
}

function peerOf(s: Snapshot, instance: string): Peer | undefined {
  return s.peers.find((peer) => peer.instance === instance);
}

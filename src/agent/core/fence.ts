/** A PostgreSQL that may accept writes without the Lease is stopped, before anything else is thought about (I1, I2, I7). */
import { FAST_STOP_TAKES, fenceAt } from './lease.js';
import type { Decision, Postgres, Snapshot, StopMode } from './types.js';

/** How long after a stop was asked for without success every process of the data directory is killed. */
const STOP_TAKES = FAST_STOP_TAKES;

export function fence(s: Snapshot): Decision | null {
  if (!mayAcceptWrites(s.postgres)) return null;
  const deadline = fenceAt(s.lease);
  if (s.now < deadline) return null;
  const reason = whyFenced(s);
  // Somebody else may lead already: no time for a checkpoint, and none for a fast stop either.
  const mode: StopMode = s.lease.kind === 'mine' ? (s.now < deadline + STOP_TAKES ? 'fast' : 'immediate') : 'immediate';
  const overdue = s.stopAskedAt !== null && s.now - s.stopAskedAt >= STOP_TAKES && mode === 'immediate';
  return { action: { do: 'stop', mode: overdue ? 'kill' : mode }, reason };
}

/** A primary, or something that may still turn out to be one. */
export function mayAcceptWrites(postgres: Postgres): boolean {
  switch (postgres.kind) {
    case 'primary':
      return true;
    case 'starting':
    case 'unresponsive':
    case 'stopping':
      return postgres.as === 'primary';
    case 'stopped':
    case 'standby':
      return false;
  }
}

function whyFenced(s: Snapshot): string {
  switch (s.lease.kind) {
    case 'mine':
      return `the Lease could not be renewed for ${s.lease.timing.fenceAfter} ms`;
    case 'theirs':
      return `${s.lease.holder.instance} holds the Lease`;
    case 'unknown':
      return 'nothing is known about the Lease';
    case 'absent':
      return 'there is no Lease';
    case 'free':
      return 'nobody holds the Lease';
  }
}

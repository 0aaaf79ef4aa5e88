/** The arithmetic of the lock: what a view of the Lease allows at a given moment. No wall clock is ever involved (I2). */
import type { Holder, LeaseView, Me, Milliseconds, Snapshot } from './types.js';
import { LONGEST_LEASE, type Timing } from '../../contract/timing.js';

/** From the beginning of the fence: how long a fast stop may take before it becomes an immediate one. */
export const FAST_STOP_TAKES: Milliseconds = 1_000;

/** The moment from which a primary under this view must stop; -Infinity when it may not run at all. */
export function fenceAt(lease: LeaseView): Milliseconds {
  return lease.kind === 'mine' ? lease.grantedAt + lease.timing.fenceAfter : -Infinity;
}

/** The moment at which PID 1 kills everything that still runs. */
export function killAt(lease: LeaseView): Milliseconds {
  return lease.kind === 'mine' ? lease.grantedAt + lease.timing.killAfter : -Infinity;
}

/** What holds for a grant while it is not known by which of the two timings it was last asked for. */
export function tighter(a: Timing, b: Timing): Timing {
  return {
    ...a,
    renewInterval: Math.min(a.renewInterval, b.renewInterval),
    fenceAfter: Math.min(a.fenceAfter, b.fenceAfter),
    killAfter: Math.min(a.killAfter, b.killAfter),
  };
}

/** A read-write PostgreSQL may be started or go on (I7). */
export function mayWrite(s: Pick<Snapshot, 'lease' | 'now'>): boolean {
  return s.now < fenceAt(s.lease);
}

export function isMe(holder: Holder, me: Pick<Me, 'podUid' | 'bootId'>): boolean {
  return holder.podUid === me.podUid && holder.bootId === me.bootId;
}

/**
 * The holder was an earlier life of this instance and is provably dead, so nobody needs to wait for its Lease to run out (I4).
 *
 * The proof is one of: PID 1 of this container killed and reaped it; or the flock on the data directory is free on the very kernel on which
 * the holder ran, and no PostgreSQL of this data directory can exist without that flock (I37).
 */
export function isMyDeadPredecessor(holder: Holder, s: Snapshot): boolean {
  if (holder.instance !== s.me.instance || isMe(holder, s.me)) return false;
  if (s.postgres.kind !== 'stopped' || !s.postgres.lockFree) return false;
  if (holder.podUid === s.me.podUid && s.me.deadBootIds.includes(holder.bootId)) return true;
  // An empty volume proves nothing: the predecessor may still run on the one that was lost.
  return s.data.kind === 'present' && holder.kernelBootId === s.me.kernelBootId;
}

/**
 * Since when the Lease has been there for the taking, or null: released, or unchanged (or absent) for its whole duration while this process
 * watched (I4).
 *
 * After an outage of the API server everybody's Lease looks old at once. The holder, fenced but alive, is let to renew first: a needless
 * failover is avoided, and nothing depends on it, because every claim is conditional on the version that was watched (I5).
 */
export function openSince(s: Snapshot): Milliseconds | null {
  switch (s.lease.kind) {
    case 'free':
      return s.lease.since;
    case 'absent':
    case 'theirs': {
      if (s.apiSince === null) return null;
      const { renewInterval, requestTimeout } = s.spec.timing;
      const open = Math.max(s.lease.since + patience(s), s.apiSince + 2 * renewInterval + requestTimeout);
      return s.now >= open ? open : null;
    }
    case 'unknown':
    case 'mine':
      return null;
  }
}

/**
 * For how long an unchanged Lease may still be its holder's. The holder may go by another timing than this instance, because the spec changes and not everybody
 * reads it at once: the Lease says by which one it was written. One that was deleted says nothing any more, so the longest is waited for.
 */
export function patience(s: Pick<Snapshot, 'lease' | 'spec'>): Milliseconds {
  const { leaseDuration } = s.spec.timing;
  switch (s.lease.kind) {
    case 'theirs':
      return Math.max(leaseDuration, s.lease.record.duration);
    case 'absent':
      return Math.max(leaseDuration, LONGEST_LEASE);
    case 'free':
    case 'mine':
    case 'unknown':
      return leaseDuration;
  }
}

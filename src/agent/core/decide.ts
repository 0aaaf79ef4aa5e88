/**
 * What to do now: the whole of the agent's judgement, as one pure function of what it sees.
 *
 * It reads from the top: what must never be is prevented first, then leaving, then what the Lease makes of this instance. Every answer is
 * right to repeat, so nothing is remembered between two calls (level-based).
 */
import { bootstrap } from './bootstrap.js';
import { claimOr, settlePredecessor } from './claim.js';
import { fence } from './fence.js';
import { follow } from './follower.js';
import { lead } from './leader.js';
import { leave } from './leave.js';
import { withinRoom } from './room.js';
import { wait } from './say.js';
import type { Decision, Milliseconds, Snapshot } from './types.js';

/** A server that does not answer for this long is not merely busy. */
const HANGS: Milliseconds = 60_000;

export function decide(s: Snapshot): Decision {
  return fence(s)
    ?? wrongSystem(s)
    ?? leave(s)
    ?? settling(s)
    ?? withinRoom(s, byLease(s));
}

/** Between two states of PostgreSQL there is nothing to decide; the fence has already had its say. */
function settling(s: Snapshot): Decision | null {
  switch (s.postgres.kind) {
    case 'starting':
      return wait('Busy', `PostgreSQL is starting as ${s.postgres.as}`);
    case 'stopping':
      return wait('Busy', 'PostgreSQL is stopping');
    case 'unresponsive':
      return s.now - s.postgres.since < HANGS
        ? wait('Busy', `PostgreSQL (${s.postgres.as}) does not answer`)
        : { action: { do: 'stop', mode: 'kill' }, reason: `PostgreSQL (${s.postgres.as}) has not answered for ${HANGS} ms; it is killed and started again` };
    case 'stopped':
    case 'primary':
    case 'standby':
      return null;
  }
}

/** Data of another cluster never runs here (I19). Only own first data that came too late makes room: nobody ever wrote to it. */
function wrongSystem(s: Snapshot): Decision | null {
  if (s.state.kind !== 'present' || s.state.systemId === null) return null;
  const expected = s.state.systemId;
  const own = s.postgres.kind === 'primary' || s.postgres.kind === 'standby'
    ? s.postgres.systemId
    : s.data.kind === 'present' ? s.data.systemId : null;
  const late = cameTooLate(s, expected);
  if (own === null || (own === expected && !late)) return null;
  const reason = late
    ? `this instance made the cluster's first data (system ${own}), but another one was faster and made ${expected}`
    : `the data directory is of system ${own}, but the cluster is ${expected}; nothing is touched`;
  if (s.postgres.kind !== 'stopped') return { action: { do: 'stop', mode: 'fast' }, reason };
  if (!s.postgres.lockFree) return wait('WaitingForLock', 'an older PostgreSQL still runs on the data directory');
  if (s.lease.kind === 'mine') return { action: { do: 'releaseLease', version: s.lease.record.version, release: s.lease.record.leader.inherited }, reason };
  if (s.me.leavingSince !== null) return null;
  if (late) return { action: { do: 'setAside' }, reason };
  return wait('SystemIdMismatch', reason);
}

/**
 * Two instances made the cluster's first data, and the other one's was recorded. Two initdbs make two systems; two restores make the same one,
 * with timelines of the same number and different content, so only the founder's incarnation tells them apart.
 */
function cameTooLate(s: Snapshot, systemId: string): boolean {
  if (s.state.kind !== 'present' || s.postgres.kind !== 'stopped' || s.data.kind !== 'present' || !s.data.fresh) return false;
  return s.data.systemId !== systemId || (s.state.founder !== null && s.data.incarnation !== s.state.founder);
}

function byLease(s: Snapshot): Decision {
  switch (s.lease.kind) {
    case 'unknown':
      return wait('LeaseUnknown', 'the Lease has not been read yet');
    case 'mine':
      return lead(s, s.lease);
    case 'absent':
      return bootstrap(s);
    case 'free':
      return claimOr(s, s.lease.record, () => wait('WaitingForLeader', 'the Lease is free'));
    case 'theirs': {
      const { record, holder } = s.lease;
      return settlePredecessor(s, record, holder)
        ?? claimOr(s, record, () => follow(s, holder));
    }
  }
}

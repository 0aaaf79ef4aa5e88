/** Leaving is not failing: what a terminating instance does with its last seconds (architecture.md 12, I40). */
import { mayAcceptWrites } from './fence.js';
import { wait } from './say.js';
import { askedFor } from './switchover.js';
import type { Decision, Milliseconds, Release, Snapshot } from './types.js';

/** How long a leaving replica stays for a leaving primary, so that its shutdown checkpoint arrives. */
const REPLICAS_LAST: Milliseconds = 15_000;
/** How long a leaving primary waits for a replica to stream again. */
const STREAMS_AGAIN_WITHIN: Milliseconds = 10_000;

export function leave(s: Snapshot): Decision | null {
  if (s.me.leavingSince === null) return null;
  if (s.postgres.kind === 'stopping') return wait('Leaving', 'PostgreSQL is stopping');
  if (s.postgres.kind !== 'stopped') {
    if (!mayAcceptWrites(s.postgres) && staysForPrimary(s)) {
      return wait('Leaving', 'the primary is leaving too and stops first');
    }
    if (mayAcceptWrites(s.postgres) && waitsForStreaming(s)) {
      return wait('Leaving', 'no replica streams just now; what is written would be missing in the next primary');
    }
    return { action: { do: 'stop', mode: 'fast' }, reason: 'the pod is told to stop' };
  }
  // Whoever deletes a cluster takes its agents' rights away too: a Lease that cannot be let go of runs out by itself.
  if (s.lease.kind === 'mine' && (s.apiSince !== null || s.now < s.me.leavingSince + s.spec.timing.leaseDuration)) {
    if (s.data.kind === 'unknown') return wait('Leaving', 'the end of the WAL is being read');
    if (!s.postgres.lockFree) return wait('WaitingForLock', 'the last process of PostgreSQL has not gone yet');
    return { action: { do: 'releaseLease', version: s.lease.record.version, release: lastWord(s) }, reason: 'the pod is told to stop' };
  }
  return { action: { do: 'exit' }, reason: 'the pod is told to stop and nothing runs any more' };
}

function staysForPrimary(s: Snapshot): boolean {
  if (s.lease.kind !== 'theirs' || s.now - s.me.leavingSince! > REPLICAS_LAST) return false;
  const { instance } = s.lease.holder;
  return s.peers.some((peer) => peer.instance === instance && peer.leaving && peer.reachedAt !== null);
}

/** A fast stop sends the last WAL to connected standbys only, so one that is just reconnecting is waited for (I17). */
function waitsForStreaming(s: Snapshot): boolean {
  if (s.lease.kind !== 'mine' || s.now - s.me.leavingSince! > STREAMS_AGAIN_WITHIN || !hasSuccessor(s)) return false;
  return !s.peers.some((peer) => peer.reachedAt !== null && !peer.leaving && peer.report?.streaming === true);
}

/** What the release says: where a stopped leader's WAL ends, or what it had inherited when it never got to lead. */
export function lastWord(s: Snapshot): Release | null {
  if (s.lease.kind !== 'mine') return null;
  if (s.data.kind !== 'present' || !s.data.wasPrimary) return s.lease.record.leader.inherited;
  const { timeline, lsn } = s.data.end;
  if (!hasSuccessor(s)) return { kind: 'stopped', from: s.me.instance, timeline, lsn };
  const to = askedFor(s);
  return { kind: 'handover', from: s.me.instance, timeline, lsn, ...to === null ? {} : { to } };
}

/** Somebody reachable could take over: listed, staying, and fit by its own word. */
export function hasSuccessor(s: Snapshot): boolean {
  return s.peers.some((peer) => !peer.leaving
    && peer.reachedAt !== null
    && peer.report !== null
    && peer.report.unfit === null
    && peer.report.role === 'standby'
    && s.spec.instances.some((i) => i.name === peer.instance && !i.retire));
}

/** Taking over a Lease: from nobody, from a holder that is gone, or from an earlier life of this very instance. */
import { untilGivenVolumesSpoke } from './bootstrap.js';
import { elect, timelineToMake, untilAllSpoke } from './election.js';
import { isMyDeadPredecessor, openSince, patience } from './lease.js';
import { wait } from './say.js';
import { crashSuccessor } from './successor.js';
import type { Decision, Holder, LeaseRecord, Snapshot } from './types.js';

/** Claims the open Lease when it is this instance's turn; otherwise does what a follower would do meanwhile. */
export function claimOr(s: Snapshot, record: LeaseRecord, otherwise: () => Decision): Decision {
  if (openSince(s) === null) return otherwise();
  if (s.state.kind === 'unknown') return wait('StateUnknown', 'the state of the cluster has not been read yet');
  // Volumes that go with their pods leave no mark behind: where the state object is gone too, only the Lease still knows that there was data (I41).
  const hasLived = s.state.kind === 'present' ? s.state.initialized : record.leader.systemId !== null;
  if (hasLived && hasNoData(s) && nobodyHasData(s)) {
    const anew = s.state.kind === 'absent' ? ', or delete the Lease to begin with nothing' : '';
    return wait('InitializedWithoutData', `the cluster has had data, but no instance that the spec lists has any: were the instances renamed, or their volumes lost? Nothing is initialized; revert, restore${anew}`);
  }
  const uninitialized = s.state.kind === 'absent' ? s.state.claimedSystemIds?.length === 0 && !hasLived : !s.state.initialized;
  if (uninitialized && s.full === null && hasNoData(s) && s.spec.instances.some((i) => i.name === s.me.instance && !i.retire)) {
    // An earlier bootstrap died before the cluster had any data; whoever takes the Lease begins again.
    return untilGivenVolumesSpoke(s) ?? { action: { do: 'claimLease', version: record.version, reserve: 0 }, reason: 'the bootstrap was left unfinished' };
  }
  if (s.state.kind === 'absent') return rebuildFirst(s, record);
  return byElection(s, record, otherwise);
}

function rebuildFirst(s: Snapshot, record: LeaseRecord): Decision {
  return untilAllSpoke(s) ?? byElection(s, record, () => wait('WaitingForLeader', 'the state object is lost; the furthest instance rebuilds it'));
}

function byElection(s: Snapshot, record: LeaseRecord, otherwise: () => Decision): Decision {
  const verdict = elect(s, record.leader);
  switch (verdict.kind) {
    case 'survey':
      return { action: { do: 'survey' }, reason: 'the Lease is open: asking everybody how far they are' };
    case 'claim':
      return { action: { do: 'claimLease', version: record.version, reserve: timelineToMake(s, record.leader.reserved) }, reason: claimReason(s, record) };
    case 'wait':
      return wait(verdict.code, verdict.reason);
    case 'no':
      return s.data.kind === 'present' && s.spec.instances.some((i) => i.name === s.me.instance)
        ? wait('NotEligible', `nobody leads, and this instance may not: ${verdict.reason}`)
        : otherwise();
  }
}

function claimReason(s: Snapshot, record: LeaseRecord): string {
  const { release } = record.leader;
  if (release !== null) return `${release.from} has released the Lease (${release.kind})`;
  return record.holder === null ? 'the Lease is free' : `${record.holder.instance} has not renewed the Lease for ${patience(s)} ms`;
}

/** What is known of the data directory while PostgreSQL runs on it is from before it was started. */
function hasNoData(s: Snapshot): boolean {
  return s.postgres.kind === 'stopped' && (s.data.kind === 'absent' || s.data.kind === 'incomplete');
}

function nobodyHasData(s: Snapshot): boolean {
  return s.peers.every((peer) => peer.report === null || peer.report.position === null);
}

/**
 * The holder was this instance's earlier life and is proven dead: no need to wait for the Lease to run out.
 * As after a crash of PostgreSQL alone, a replica takes over if one can sooner; otherwise the primary is restarted in place (I38).
 */
export function settlePredecessor(s: Snapshot, record: LeaseRecord, holder: Holder): Decision | null {
  if (!isMyDeadPredecessor(holder, s)) return null;
  if (s.data.kind !== 'present') return null;
  if (!s.data.wasPrimary) {
    return { action: { do: 'releaseLease', version: record.version, release: record.leader.inherited }, reason: 'an earlier life of this instance held the Lease without having led' };
  }
  // This process is young and has not heard from anybody yet.
  if (s.surveyedAt === null) return { action: { do: 'survey' }, reason: 'the earlier life of this primary is dead: asking who could take over' };
  const { timeline, lsn } = s.data.end;
  const successor = crashSuccessor(s);
  if (successor !== null) {
    return {
      action: { do: 'releaseLease', version: record.version, release: { kind: 'crashed', from: s.me.instance, timeline, lsn } },
      reason: `the earlier life of this primary is dead; ${successor} takes over`,
    };
  }
  const reserve = timelineToMake(s, record.leader.reserved);
  return { action: { do: 'claimLease', version: record.version, reserve }, reason: 'the earlier life of this primary is dead and no replica can take over' };
}

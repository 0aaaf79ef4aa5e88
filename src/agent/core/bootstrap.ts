/** There is no Lease: a new cluster, or one whose Lease was deleted. */
import { elect, myPosition, timelineToMake, untilAllSpoke } from './election.js';
import { openSince } from './lease.js';
import { wait } from './say.js';
import type { Decision, LeaderRecord, Snapshot } from './types.js';

export function bootstrap(s: Snapshot): Decision {
  switch (s.state.kind) {
    case 'unknown':
      return wait('StateUnknown', 'the state of the cluster has not been read yet');
    case 'absent':
      return s.data.kind === 'present' ? untilAllSpoke(s) ?? fromSurvivors(s, null, 0) : newCluster(s, s.state.claimedSystemIds);
    case 'present':
      if (!s.state.initialized) return newCluster(s, []);
      return fromSurvivors(s, s.state.systemId, s.state.highestTimeline);
  }
}

/** Creating the Lease is the first election: the API server lets only one succeed. */
function newCluster(s: Snapshot, claimedSystemIds: readonly string[] | null): Decision {
  if (claimedSystemIds === null) return wait('StateUnknown', 'the data claims have not been read yet');
  if (claimedSystemIds.length > 0) return wait('WaitingForLeader', 'other volumes of this cluster hold data; their instances will lead');
  if (!s.spec.instances.some((i) => i.name === s.me.instance && !i.retire)) return wait('Unlisted', 'the spec does not list this instance');
  const unclear = untilGivenVolumesSpoke(s);
  if (unclear !== null) return unclear;
  if (s.full !== null) return wait('VolumeFull', `${s.full}; it is no place for a new cluster`);
  if (s.data.kind === 'unusable') return wait(s.data.code === 'otherMajor' ? 'MajorMismatch' : 'DataUnreadable', s.data.why);
  if (s.data.kind === 'unknown' || s.data.kind === 'poisoned') return wait('Busy', `the data directory is ${s.data.kind}`);
  return { action: { do: 'createLease', reserve: 0 }, reason: 'no instance of this cluster has ever had data' };
}

/** A volume that was there before the cluster may hold the data that it is to begin with: nobody makes any before each of those is known to be empty (I41). */
export function untilGivenVolumesSpoke(s: Snapshot): Decision | null {
  const empty = (instance: string) => s.peers.some((p) => p.instance === instance && p.reachedAt !== null && (p.report?.data === 'absent' || p.report?.data === 'incomplete'));
  const unclear = s.spec.instances.filter(({ name, givenVolume }) => givenVolume === true && name !== s.me.instance && !empty(name));
  if (unclear.length === 0) return null;
  return wait('WaitingForLeader', `the volume of ${unclear.map(({ name }) => name).join(', ')} was there before this cluster; no new data is made while it may hold some`);
}

/** The Lease was deleted while the cluster had data: its holder is unknown, so a whole duration must pass first (I4). */
function fromSurvivors(s: Snapshot, systemId: string | null, timeline: number): Decision {
  if (openSince(s) === null) return wait('WaitingForExpiry', 'the Lease is gone and its last holder may still lead');
  if (myPosition(s) === null) return wait('InitializedWithoutData', 'the cluster has data, but this instance has none');
  const leader: LeaderRecord = { systemId, timeline, reserved: timeline, lsn: 0n, release: null, inherited: null };
  const verdict = elect(s, leader);
  switch (verdict.kind) {
    case 'survey':
      return { action: { do: 'survey' }, reason: 'there is no Lease: asking everybody how far they are' };
    case 'claim':
      return { action: { do: 'createLease', reserve: timelineToMake(s, timeline) }, reason: 'the Lease was lost and this instance is the furthest' };
    case 'wait':
      return wait(verdict.code, verdict.reason);
    case 'no':
      return wait('NotEligible', `this instance may not lead: ${verdict.reason}`);
  }
}

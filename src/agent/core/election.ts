/** Who should lead next: fitness, rank and patience (I10, I11, I40). */
import { openSince, patience } from './lease.js';
import { wait } from './say.js';
import { HANDOVER_LIMIT } from './successor.js';
import { comparePositions, forkOf } from './timeline.js';
import type { Decision, LeaderRecord, Lsn, Milliseconds, Release, Report, Snapshot, WalPosition } from './types.js';
import { CLOCK_RATE_TOLERANCE } from '../../contract/timing.js';

/** How long a candidate waits for each better one to claim before it claims itself. */
export const PATIENCE: Milliseconds = 2_000;
/** How long the others wait for a leader that stopped with nobody to take over, so that a restart of everything makes no timeline. */
export const RETURN_PATIENCE: Milliseconds = 15_000;

/** How long a full former primary waits for somebody with room before it goes on. */
const ALONE_AFTER: Milliseconds = 10_000;

export interface Candidate {
  readonly instance: string;
  readonly position: WalPosition;
  readonly wasPrimary: boolean;
}

/** This instance's own position, running or stopped; null when it has none that could be trusted. */
export function myPosition(s: Snapshot): WalPosition | null {
  switch (s.postgres.kind) {
    case 'standby':
    case 'primary':
      return s.postgres.position;
    case 'stopped':
      return s.data.kind === 'present' ? s.data.end : null;
    case 'starting':
    case 'stopping':
    case 'unresponsive':
      return null;
  }
}

export function mySystemId(s: Snapshot): string | null {
  if (s.postgres.kind === 'standby' || s.postgres.kind === 'primary') return s.postgres.systemId;
  return s.data.kind === 'present' ? s.data.systemId : null;
}

/** The timeline that a promotion of this instance would make, above all that may have been made; 0 when it goes on with its own. */
export function timelineToMake(s: Snapshot, reserved: number): number {
  const mine = myPosition(s);
  return mine === null || goesOn(s, reserved) ? 0 : Math.max(mine.timeline, reserved) + 1;
}

/**
 * A former primary goes on with its timeline where it ended, but only when nobody can have made a later one. Otherwise the later one would
 * outrank what is written from now on, and whoever has it would lead with that lost.
 */
export function goesOn(s: Snapshot, reserved: number): boolean {
  return s.postgres.kind === 'stopped' && s.data.kind === 'present' && s.data.wasPrimary && s.data.end.timeline >= reserved;
}

/** Why this instance could not lead now, whatever its position; null when it could. It goes into the report to the others. */
export function unfit(s: Snapshot): string | null {
  if (s.me.leavingSince !== null) return 'it is terminating';
  const listed = s.spec.instances.find((i) => i.name === s.me.instance);
  if (listed === undefined) return 'the spec does not list it';
  if (listed.retire) return 'it is to be retired';
  if (s.full !== null) return s.full;
  if (s.postgres.kind === 'stopped' && s.data.kind !== 'present') return `its data directory is ${s.data.kind}`;
  if (s.apiSince === null) return 'it does not reach the API server';
  if (s.postgres.kind === 'stopped' && !s.postgres.lockFree) return 'an older PostgreSQL still runs on its data directory';
  if (myPosition(s) === null) return `its PostgreSQL is ${s.postgres.kind}`;
  return null;
}

/**
 * A candidate that lacks more than this of the leader's last known WAL does not lead: it is a stale volume or a replica that had long
 * fallen behind, not a failover (I15). Deleting the Lease is a person's way to say that the loss is accepted.
 */
export const MAXIMUM_LAG: Lsn = 64n * 1024n * 1024n;

/** Why a position may not become the leader's without somebody's decision to lose data (I10, I40); null when it may. */
export function ineligible(position: WalPosition, leader: Pick<LeaderRecord, 'timeline' | 'lsn' | 'release' | 'inherited'>): string | null {
  if (position.timeline < leader.timeline) {
    return `its timeline ${position.timeline} is older than ${leader.timeline}, on which a leader has accepted writes`;
  }
  const release = leader.release ?? leader.inherited;
  // What a crashed leader's agent hands over is not lost.
  const allowed = release?.kind === 'crashed' ? HANDOVER_LIMIT : MAXIMUM_LAG;
  if (position.timeline === leader.timeline && leader.lsn - position.lsn > allowed) {
    return `it lacks ${leader.lsn - position.lsn} bytes of the last leader's WAL, and at most ${allowed} may be lost`;
  }
  if (release !== null && release.kind !== 'crashed' && position.timeline === release.timeline && position.lsn < release.lsn) {
    return `it lacks WAL that ${release.from} had when it stopped cleanly`;
  }
  if (release !== null && position.timeline !== release.timeline && (forkOf(release.timeline, position) ?? -1n) < release.lsn) {
    return `its timeline ${position.timeline} parted from ${release.from}'s before ${release.from} stopped`;
  }
  return null;
}

/** Best first. A former primary goes first among equals: it continues its timeline instead of making one. The name makes the order total. */
export function rank(candidates: readonly Candidate[]): Candidate[] {
  return [...candidates].sort((a, b) =>
    comparePositions(b.position, a.position)
    || Number(b.wasPrimary) - Number(a.wasPrimary)
    || (a.instance < b.instance ? -1 : 1));
}

/** All of them have what the release demands, so whom a person chose goes first. */
function chosenFirst(order: readonly Candidate[], release: Release | null): Candidate[] {
  return [...order].sort((a, b) => Number(b.instance === release?.to) - Number(a.instance === release?.to));
}

function asCandidate(report: Report, systemId: string | null): Candidate | null {
  if (report.position === null || report.unfit !== null) return null;
  if (systemId !== null && report.systemId !== systemId) return null;
  return { instance: report.instance, position: report.position, wasPrimary: report.wasPrimary };
}

export type Verdict =
  | { readonly kind: 'survey' }
  | { readonly kind: 'claim' }
  | { readonly kind: 'wait'; readonly code: 'WaitingForBetterCandidate' | 'WaitingForFormerLeader'; readonly reason: string }
  | { readonly kind: 'no'; readonly reason: string };

/** Should this instance take the open Lease now? `leader` is what its last holder left in it. */
export function elect(s: Snapshot, leader: LeaderRecord): Verdict {
  const open = openSince(s);
  if (open === null) return { kind: 'no', reason: 'the Lease is not open' };
  const alone = onlyIfAlone(s, leader);
  const why = unfit(alone ? { ...s, full: null } : s);
  if (why !== null) return { kind: 'no', reason: why };
  const mine = myPosition(s)!;
  const system = mySystemId(s);
  if (leader.systemId !== null && system !== leader.systemId) return { kind: 'no', reason: `its data is of system ${system}, the last leader's of ${leader.systemId}` };
  const less = ineligible(mine, leader);
  if (less !== null) return { kind: 'no', reason: less };
  // What was asked before the Lease opened may not show the last WAL that a peer received.
  if (s.surveyedAt === null || s.surveyedAt < open || s.now - s.surveyedAt > 2 * PATIENCE) return { kind: 'survey' };

  const others = s.peers
    .filter((peer) => peer.reachedAt !== null && peer.reachedAt >= open && !peer.leaving)
    .map((peer) => (peer.report === null ? null : asCandidate(peer.report, leader.systemId)))
    .filter((c): c is Candidate => c !== null && ineligible(c.position, leader) === null)
    .filter((c) => !letGoForOthers(leader.release, c.instance));
  if (alone && others.length > 0) return { kind: 'no', reason: s.full! };
  const wasPrimary = s.data.kind === 'present' && s.data.wasPrimary;
  const order = chosenFirst(rank([...others, { instance: s.me.instance, position: mine, wasPrimary }]), leader.release);
  const place = order.findIndex((c) => c.instance === s.me.instance);

  const release = leader.release;
  const turn = open + (alone ? ALONE_AFTER : turnOf(place, release, s.me.instance)) + (place === 0 ? 0 : slowerClocks(s));
  if (s.now >= turn) return { kind: 'claim' };
  if (release?.kind === 'stopped' && release.from !== s.me.instance && place === 0) {
    return { kind: 'wait', code: 'WaitingForFormerLeader', reason: `${release.from} stopped last and is expected back` };
  }
  return { kind: 'wait', code: 'WaitingForBetterCandidate', reason: `${order[0]!.instance} should take over` };
}

/**
 * A former primary without room leads again when nobody with room could: what it has can be read, and room be made by deleting, which nobody
 * could do while it is down. A promotion on a full volume is never tried.
 */
function onlyIfAlone(s: Snapshot, leader: LeaderRecord): boolean {
  return s.full !== null && goesOn(s, leader.reserved);
}

/** The state object was lost: only when everybody listed has spoken is it known who is furthest (I20). */
export function untilAllSpoke(s: Snapshot): Decision | null {
  const silent = s.spec.instances
    .filter((i) => i.name !== s.me.instance)
    .filter((i) => !s.peers.some((p) => p.instance === i.name && p.reachedAt !== null && p.report !== null));
  if (silent.length === 0) return null;
  return wait('StateUnknown', `the state object is lost; waiting to hear from ${silent.map((i) => i.name).join(', ')} before anybody leads`);
}

/** The instance released the Lease so that somebody else takes over; its own WAL, the longest, is not a reason to wait for it. */
function letGoForOthers(release: Release | null, instance: string): boolean {
  return release !== null && release.kind !== 'stopped' && release.from === instance;
}

/** How much later than here a Lease that runs out may open to somebody whose clock is slower (I3); a free one is open to all at once. */
function slowerClocks(s: Snapshot): Milliseconds {
  return s.lease.kind === 'free' ? 0 : (CLOCK_RATE_TOLERANCE - 1) * patience(s);
}

/** How long after the Lease opened it is the turn of the candidate in this place. */
function turnOf(place: number, release: Release | null, me: string): Milliseconds {
  if (release === null) return place * PATIENCE;
  switch (release.kind) {
    case 'stopped':
      return release.from === me ? 0 : RETURN_PATIENCE + place * PATIENCE;
    case 'crashed':
    case 'handover':
      // Chosen, or back to where it was (I17): anybody else only when neither of the two leads.
      if (release.to !== undefined && release.to !== me && release.from !== me) return (3 + place) * PATIENCE;
      // The one that let go is the way out when nobody takes over.
      return release.from === me ? 2 * PATIENCE : place * PATIENCE;
  }
}

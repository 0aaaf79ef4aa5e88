/**
 * What `decide` promises, each promise with where it applies and what must hold there.
 *
 * The arithmetic of grants, proofs and eligibility is written down here once more on purpose: a mistake in the agent's own must not excuse itself.
 */
import { A, ME, leaseDuration } from './classes';
import type { Action, Decision, Release, Snapshot, WalPosition } from '../../src/agent/core/types';

type Kind = Action['do'];

const valid = (s: Snapshot) => s.lease.kind === 'mine' && s.now - s.lease.grantedAt < s.lease.timing.fenceAfter;
const stopped = (s: Snapshot) => s.postgres.kind === 'stopped' && s.postgres.lockFree;
const mayAcceptWrites = ({ postgres }: Snapshot) => postgres.kind === 'primary' || ('as' in postgres && postgres.as === 'primary');
/** As long as the holder has said; for a deleted Lease, which says nothing, the longest that a timing may be. */
const watchedLongEnough = (s: Snapshot) => (s.lease.kind === 'theirs' && s.now - s.lease.since >= Math.max(leaseDuration, s.lease.record.duration))
  || (s.lease.kind === 'absent' && s.now - s.lease.since >= 30_000);
/** The holder was this instance, nothing runs on its data, and PID 1 or the kernel that it ran on proves that it cannot begin again. */
const predecessor = (s: Snapshot) => s.lease.kind === 'theirs' && s.lease.holder.instance === ME.instance && stopped(s)
  && ((s.lease.holder.podUid === ME.podUid && s.me.deadBootIds.includes(s.lease.holder.bootId))
    || (s.lease.holder.kernelBootId === ME.kernelBootId && s.data.kind === 'present'));
/** Somebody else holds the Lease and says that it is primary. */
const led = (s: Snapshot) => s.lease.kind === 'theirs'
  && s.peers.some((p) => p.reachedAt !== null && p.report?.role === 'primary' && s.lease.kind === 'theirs' && p.report.podUid === s.lease.holder.podUid);
const uninitialized = (s: Snapshot) => s.state.kind === 'present' && !s.state.initialized;
const neverHadData = (s: Snapshot) => s.state.kind === 'absent' && s.state.claimedSystemIds?.length === 0
  && !('record' in s.lease && s.lease.record.leader.systemId !== null);
const systemId = (s: Snapshot) => ('systemId' in s.postgres ? s.postgres.systemId : s.data.kind === 'present' ? s.data.systemId : null);
const foreign = (s: Snapshot) => s.state.kind === 'present' && s.state.systemId === A && systemId(s) !== null && systemId(s) !== A;
/** This instance's own first data lost the race to another one's. */
const late = (s: Snapshot) => s.data.kind === 'present' && s.data.fresh
  // Of a running server the data is known from before its start, which ends being fresh.
  && (foreign(s) || (s.postgres.kind === 'stopped' && s.state.kind === 'present' && s.state.founder !== null && s.data.incarnation !== s.state.founder));
const listed = (s: Snapshot) => s.spec.instances.some((i) => i.name === ME.instance && !i.retire);
const one = (...kinds: Kind[]) => (action: Action) => kinds.includes(action.do);

const position = (s: Snapshot): WalPosition | null => ('position' in s.postgres ? s.postgres.position
  : s.postgres.kind === 'stopped' && s.data.kind === 'present' ? s.data.end : null);
/** It has what the last leader wrote on the newest timeline, as far as that leader's last word says. */
const eligible = (s: Snapshot, mine = position(s)) => {
  if (mine === null || !('record' in s.lease)) return false;
  const { timeline, release, inherited } = s.lease.record.leader;
  const word: Release | null = release ?? inherited;
  const lacks = word !== null && (mine.timeline === word.timeline
    ? word.kind !== 'crashed' && mine.lsn < word.lsn
    : (mine.history.find((fork) => fork.timeline === word.timeline)?.lsn ?? 0n) < word.lsn);
  return mine.timeline >= timeline && !lacks;
};
/** Another instance with room says that it could lead, and has what it takes. */
const roomElsewhere = (s: Snapshot) => s.peers.some((p) => p.reachedAt !== null && !p.leaving && p.report?.unfit === null && eligible(s, p.report.position));
/** Another instance with room streams, with all but a little of what this primary has. */
const streamsElsewhere = (s: Snapshot) => s.peers.some((p) => p.reachedAt !== null && !p.leaving && p.report?.unfit === null && p.report.role === 'standby'
  && p.report.position?.timeline === position(s)?.timeline);
/** Nothing about this instance itself stands against its leading. */
const fit = (s: Snapshot) => s.full === null && s.me.leavingSince === null && listed(s) && s.apiSince !== null && position(s) !== null && (s.postgres.kind !== 'stopped' || s.postgres.lockFree);

/** Standbys that say that they could lead, on the timeline of what is here, and stream while there is something to stream. */
const takers = (s: Snapshot) => s.peers
  .filter((p) => p.reachedAt !== null && !p.leaving && p.report?.unfit === null && p.report.role === 'standby')
  .filter((p) => p.report!.position?.timeline === (s.postgres.kind === 'primary' ? position(s)?.timeline : s.data.kind === 'present' ? s.data.end.timeline : -1))
  .map((p) => p.instance);
/** Whom the switchover that a person asked for less than a minute ago goes to: of two the one with more, which is the third instance here. */
const wanted = (s: Snapshot): string | null => {
  if (s.switchover === null || s.now - s.switchover.askedAt > 60_000) return null;
  const able = takers(s).filter((name) => s.switchover!.to === null || name === s.switchover!.to);
  return able.length === 0 ? null : able.reduce((a, b) => (b === '3' ? b : a));
};

export interface Promised {
  readonly promise: string;
  readonly where: (s: Snapshot, a: Action) => boolean;
  readonly holds: (s: Snapshot, a: Action) => boolean;
}

export const PROMISES: readonly Promised[] = [
  {
    promise: 'I1 I2: what may accept writes without a valid grant is stopped, and nothing else is done',
    where: (s) => mayAcceptWrites(s) && !valid(s),
    holds: (_, a) => a.do === 'stop',
  },
  {
    promise: 'I7: a PostgreSQL is started or promoted read-write only under a valid grant',
    where: (_, a) => one('startPrimary', 'promote')(a),
    holds: (s) => valid(s),
  },
  {
    promise: 'I37: PostgreSQL is started, and its files are touched, only when nothing runs on them',
    where: (_, a) => one('startPrimary', 'startStandby', 'initdb', 'restore', 'clone', 'rewind', 'setAside')(a),
    holds: (s) => stopped(s),
  },
  {
    promise: 'a PostgreSQL is started as a primary only from data that has led',
    where: (_, a) => a.do === 'startPrimary',
    holds: (s) => s.data.kind === 'present' && s.data.wasPrimary,
  },
  {
    promise: 'I28: a former primary goes on with its timeline only when nobody can have made a later one',
    where: (_, a) => a.do === 'startPrimary',
    holds: (s) => s.lease.kind === 'mine' && s.data.kind === 'present' && s.data.end.timeline >= s.lease.record.leader.reserved,
  },
  {
    promise: 'I28: a promotion makes a timeline that was reserved for it',
    where: (_, a) => a.do === 'promote',
    holds: (s, a) => s.postgres.kind === 'standby' && a.do === 'promote' && a.timeline > s.postgres.position.timeline,
  },
  {
    promise: 'I28: a claim that a promotion follows reserves a timeline above all that may have been made',
    where: (s, a) => a.do === 'claimLease' && s.postgres.kind === 'standby',
    holds: (s, a) => s.postgres.kind === 'standby' && 'record' in s.lease && a.do === 'claimLease'
      && a.reserve > s.lease.record.leader.reserved && a.reserve > s.postgres.position.timeline,
  },
  {
    promise: 'I4: the Lease of another is claimed only after its whole duration, or on proof of its death',
    where: (s, a) => a.do === 'claimLease' && s.lease.kind !== 'free',
    holds: (s) => watchedLongEnough(s) || predecessor(s),
  },
  {
    promise: 'I4: a lost Lease is made anew only after a whole duration, unless no instance ever had data',
    where: (s, a) => a.do === 'createLease' && !neverHadData(s) && !uninitialized(s),
    holds: (s) => watchedLongEnough(s),
  },
  {
    promise: 'I5: a claim names the version of the Lease that was seen',
    where: (_, a) => a.do === 'claimLease' || a.do === 'releaseLease',
    holds: (s, a) => 'record' in s.lease && 'version' in a && a.version === s.lease.record.version,
  },
  {
    promise: 'I10 I40: nobody is elected who lacks what the last leader had',
    where: (s, a) => a.do === 'claimLease' && !uninitialized(s) && !neverHadData(s) && !predecessor(s),
    holds: (s) => eligible(s),
  },
  {
    promise: 'I18 I41: initdb and the restore of a new cluster run only by the one who claimed it, without any data',
    where: (_, a) => one('initdb', 'restore')(a),
    holds: (s) => valid(s) && s.data.kind === 'absent' && uninitialized(s) && s.state.kind === 'present' && s.state.initClaim === ME.bootId,
  },
  {
    promise: 'I41: the first data comes from where the spec says, so that no empty cluster takes the place of a restored one',
    where: (_, a) => one('initdb', 'restore')(a),
    holds: (s, a) => (a.do === 'restore') === (s.spec.origin === 'backup'),
  },
  {
    promise: 'I19: first data that came too late is never started, recorded or rewound, and nobody is elected with it',
    where: (s) => s.postgres.kind === 'stopped' && late(s),
    holds: (_, a) => !one('startPrimary', 'startStandby', 'recordInitialized', 'rewind', 'claimLease', 'createLease')(a),
  },
  {
    promise: 'I19: first data never becomes a replica: beside another restore of the same backup it would look like its past',
    where: (s) => led(s) && stopped(s) && s.data.kind === 'present' && s.data.fresh,
    holds: (_, a) => !one('startStandby', 'rewind')(a),
  },
  {
    promise: 'I41: initdb is claimed only where nothing says that the cluster has lived before',
    where: (_, a) => a.do === 'claimInit',
    holds: (s) => valid(s) && (neverHadData(s) || (uninitialized(s) && s.state.kind === 'present' && s.state.systemId === null)),
  },
  {
    promise: 'I41: no new data is begun with while a volume that was there before the cluster may hold some',
    where: (s, a) => (one('createLease', 'claimLease')(a)) && (neverHadData(s) || uninitialized(s)) && stopped(s) && (s.data.kind === 'absent' || s.data.kind === 'incomplete')
      && s.spec.instances.some((i) => i.givenVolume === true),
    holds: (s) => s.peers.some((p) => p.instance === '2' && p.report?.data === 'absent'),
  },
  {
    promise: 'I18: data is set aside only while somebody else leads and is primary',
    where: (s, a) => a.do === 'setAside' && (s.data.kind === 'present' || s.data.kind === 'poisoned') && !late(s),
    holds: (s) => led(s),
  },
  {
    promise: 'I22: a clone replaces nothing, and comes from a primary that holds the Lease',
    where: (_, a) => a.do === 'clone',
    holds: (s) => s.data.kind === 'absent' && led(s),
  },
  {
    promise: 'I10: a former primary never follows on its own timeline, which somebody else has led too; a rewind would not see that either',
    where: (s, a) => one('startStandby', 'rewind')(a) && s.lease.kind === 'theirs' && s.data.kind === 'present' && s.data.wasPrimary,
    holds: (s) => s.data.kind === 'present' && s.peers.some((p) => p.report?.role === 'primary' && s.data.kind === 'present' && p.report.position?.timeline !== s.data.end.timeline),
  },
  {
    promise: 'I24: a rewind goes to a primary that holds the Lease',
    where: (_, a) => a.do === 'rewind',
    holds: (s) => led(s),
  },
  {
    promise: 'I19: data of another system is stopped and left alone',
    where: (s) => foreign(s) && !late(s),
    holds: (_, a) => one('stop', 'wait', 'releaseLease', 'exit')(a),
  },
  {
    promise: 'only first data of this instance that came too late makes room, and only when nothing runs on it',
    where: (s) => late(s),
    holds: (s, a) => one('stop', 'wait', 'releaseLease', 'exit')(a) || (a.do === 'setAside' && stopped(s)),
  },
  {
    promise: 'I40: a leaving instance only stops, lets go and ends',
    where: (s) => s.me.leavingSince !== null,
    holds: (_, a) => one('stop', 'wait', 'releaseLease', 'exit')(a),
  },
  {
    promise: 'the Lease is let go of only when nothing of this instance can accept writes',
    where: (_, a) => a.do === 'releaseLease',
    holds: (s) => !mayAcceptWrites(s) && (s.lease.kind === 'mine' || predecessor(s)),
  },
  {
    promise: 'an instance that the spec does not list, or that is to be retired, is never elected',
    where: (s, a) => (a.do === 'claimLease' && !predecessor(s)) || a.do === 'createLease',
    holds: (s) => listed(s),
  },
  {
    promise: 'I19: nobody is elected with data of another system than the last leader\'s',
    where: (s, a) => a.do === 'claimLease' && s.data.kind === 'present' && !predecessor(s) && 'record' in s.lease && s.lease.record.leader.systemId !== null,
    holds: (s) => s.data.kind === 'present' && (systemId(s) === A),
  },
  {
    promise: 'I20: without Lease and state, nobody leads with data before every listed instance has spoken',
    where: (s, a) => a.do === 'createLease' && s.state.kind === 'absent' && s.data.kind === 'present',
    holds: (s) => s.peers.every((p) => p.reachedAt !== null && p.report !== null),
  },
  {
    promise: 'I2: whoever lost the Lease to another has no time for a checkpoint',
    where: (s, a) => a.do === 'stop' && mayAcceptWrites(s) && (s.lease.kind === 'theirs' || s.lease.kind === 'free'),
    holds: (_, a) => a.do === 'stop' && a.mode !== 'fast',
  },
  {
    promise: 'I25: a data directory that is half rewound, and one that cannot be used, is never started',
    where: (s, a) => one('startPrimary', 'startStandby', 'initdb')(a) && s.postgres.kind === 'stopped',
    holds: (s) => s.data.kind !== 'poisoned' && s.data.kind !== 'unusable',
  },
  {
    promise: 'what this agent must not touch stays as it is',
    where: (s) => s.data.kind === 'unusable' && s.postgres.kind === 'stopped',
    holds: (_, a) => one('wait', 'releaseLease', 'exit', 'survey')(a),
  },
  {
    promise: 'I38: a crash is told with the true end of the WAL, when nothing runs any more',
    where: (_, a) => a.do === 'releaseLease' && a.release?.from === ME.instance && a.release.kind === 'crashed',
    holds: (s, a) => stopped(s) && s.data.kind === 'present' && a.do === 'releaseLease' && a.release!.lsn === s.data.end.lsn,
  },
  {
    promise: 'I38: WAL is fetched only by a standby that holds the Lease, and only what it lacks',
    where: (_, a) => a.do === 'fetchHandover',
    holds: (s, a) => valid(s) && s.postgres.kind === 'standby' && a.do === 'fetchHandover' && a.start === s.postgres.position.lsn && a.start < a.end,
  },
  {
    promise: 'I21: who has initialized is recorded only by whoever has the claim',
    where: (_, a) => a.do === 'recordInitialized',
    holds: (s) => valid(s) && uninitialized(s) && s.state.kind === 'present' && s.state.initClaim === ME.bootId,
  },
  {
    promise: 'the state is rebuilt only by a primary under a valid grant, from what runs',
    where: (_, a) => a.do === 'adoptState',
    holds: (s, a) => valid(s) && s.postgres.kind === 'primary' && a.do === 'adoptState' && a.timeline === s.postgres.position.timeline,
  },
  {
    promise: 'the agent ends only when it is told to and nothing runs',
    where: (_, a) => a.do === 'exit',
    holds: (s) => s.me.leavingSince !== null && s.postgres.kind === 'stopped',
  },
  {
    promise: 'I30: nobody is elected whose volume is full, but a former primary that goes on where it was, when nobody with room could lead',
    where: (s, a) => s.full !== null && (a.do === 'createLease' || (a.do === 'claimLease' && !predecessor(s))),
    holds: (s) => stopped(s) && s.data.kind === 'present' && s.data.wasPrimary && !roomElsewhere(s),
  },
  {
    promise: 'I30: nothing that needs room is begun on a full volume',
    where: (s) => s.full !== null,
    holds: (_, a) => !one('initdb', 'restore', 'clone', 'rewind', 'promote', 'fetchHandover')(a),
  },
  {
    promise: 'I30: a PostgreSQL that died on a full volume is not started at once, again and again',
    where: (s) => s.full !== null && s.crash !== null && s.now - s.crash.at < 30_000,
    holds: (_, a) => !one('startPrimary', 'startStandby')(a),
  },
  {
    promise: 'I30: a full primary hands over to a replica with room that streams, and stays where there is none',
    where: (s) => s.full !== null && s.postgres.kind === 'primary' && valid(s) && s.me.leavingSince === null && !foreign(s) && listed(s)
      && s.state.kind === 'present' && s.state.initialized,
    holds: (s, a) => (streamsElsewhere(s) ? a.do === 'stop' && a.mode === 'fast' : one('wait', 'adoptState')(a)),
  },
  {
    promise: 'I17: a healthy primary is stopped for a switchover only while a standby, the one that was named, could take over',
    where: (s, a) => a.do === 'stop' && s.postgres.kind === 'primary' && valid(s) && s.me.leavingSince === null && !foreign(s) && s.full === null && listed(s),
    holds: (s) => wanted(s) !== null && takers(s).includes(wanted(s)!),
  },
  {
    promise: 'I17 I40: a switchover lets go with the end of the shutdown checkpoint and the name of who was chosen, when nothing runs any more',
    where: (_, a) => a.do === 'releaseLease' && a.release?.to !== undefined,
    holds: (s, a) => stopped(s) && (s.crash === null || !listed(s) || s.me.leavingSince !== null) && s.data.kind === 'present' && a.do === 'releaseLease' && a.release?.kind === 'handover'
      && a.release.lsn === s.data.end.lsn && a.release.to === wanted(s),
  },
  {
    promise: 'I17: whom a switchover has chosen is let go first, whatever it last said of itself',
    where: (s) => s.lease.kind === 'free' && s.now - s.lease.since < 1_000 && s.lease.record.leader.release?.to === '3' && s.state.kind === 'present' && s.state.initialized,
    holds: (_, a) => a.do !== 'claimLease',
  },
  // From here on: what must not be waited for.
  {
    promise: 'a switchover that is asked for and can be done is begun',
    where: (s) => s.postgres.kind === 'primary' && valid(s) && s.me.leavingSince === null && !foreign(s) && wanted(s) !== null
      && s.state.kind === 'present' && s.state.initialized,
    holds: (_, a) => a.do === 'stop' && a.mode === 'fast',
  },
  {
    promise: 'a leaving instance without the Lease and with nothing running ends, whatever else is wrong',
    where: (s) => s.me.leavingSince !== null && stopped(s) && s.lease.kind !== 'mine',
    holds: (_, a) => a.do === 'exit',
  },
  {
    promise: 'a leaving instance gives up what it cannot let go of',
    where: (s) => s.me.leavingSince !== null && s.now - s.me.leavingSince > leaseDuration && s.apiSince === null && stopped(s) && !foreign(s) && !late(s),
    holds: (_, a) => a.do === 'exit',
  },
  {
    promise: 'a former primary with the Lease and the state at hand does not stand still',
    where: (s) => valid(s) && stopped(s) && s.data.kind === 'present' && s.state.kind === 'present' && s.me.leavingSince === null && s.full === null,
    holds: (_, a) => a.do !== 'wait',
  },
  {
    promise: 'a standby with the Lease and the state at hand does not stand still',
    where: (s) => valid(s) && s.postgres.kind === 'standby' && s.state.kind !== 'unknown' && s.me.leavingSince === null,
    holds: (_, a) => a.do !== 'wait',
  },
  {
    promise: 'whoever holds the Lease without data that it could lead with lets go of it',
    where: (s) => valid(s) && stopped(s) && ['absent', 'incomplete', 'poisoned', 'unusable'].includes(s.data.kind) && s.me.leavingSince === null
      && s.state.kind === 'present' && s.state.initialized,
    holds: (_, a) => a.do === 'releaseLease',
  },
  {
    promise: 'whoever is fit, eligible and first takes a Lease that has long been free',
    where: (s) => s.lease.kind === 'free' && s.now - s.lease.since > 30_000 && !mayAcceptWrites(s) && fit(s) && eligible(s) && systemId(s) === A && !foreign(s) && !late(s)
      && s.state.kind === 'present' && s.surveyedAt !== null,
    holds: (_, a) => a.do === 'claimLease',
  },
  {
    promise: 'a stopped instance of a reachable primary does not stand still',
    where: (s) => led(s) && s.lease.kind === 'theirs' && s.now - s.lease.since < leaseDuration && stopped(s) && !foreign(s) && listed(s)
      && s.me.leavingSince === null && s.full === null && ['absent', 'incomplete', 'poisoned', 'present'].includes(s.data.kind),
    holds: (_, a) => a.do !== 'wait',
  },
  {
    promise: 'a server that hangs for good is killed',
    where: (s) => s.postgres.kind === 'unresponsive' && s.now - s.postgres.since > 60_000 && s.me.leavingSince === null && !foreign(s) && !mayAcceptWrites(s),
    holds: (_, a) => a.do === 'stop' && a.mode === 'kill',
  },
  {
    promise: 'a healthy primary with a valid grant is left alone',
    where: (s) => s.postgres.kind === 'primary' && valid(s) && s.full === null && s.me.leavingSince === null && !foreign(s)
      && s.spec.instances.some((i) => i.name === ME.instance && !i.retire) && wanted(s) === null,
    holds: (_, a) => one('wait', 'adoptState')(a),
  },
  {
    promise: 'a replica that streams from the leader is left alone',
    where: (s) => s.postgres.kind === 'standby' && s.postgres.streaming && s.postgres.upstream === '2' && s.postgres.systemId === A && led(s)
      && s.lease.kind === 'theirs' && s.now - s.lease.since < leaseDuration && s.me.leavingSince === null
      && s.spec.instances.some((i) => i.name === ME.instance && !i.retire) && s.data.kind !== 'unusable',
    holds: (_, a) => a.do === 'wait',
  },
];

export interface Checked {
  /** How often it was put to the test. */
  times: number;
  /** The first observation for which it does not hold, readable. */
  broken: string | null;
}

export function check(decide: (s: Snapshot) => Decision, observations: Iterable<Snapshot>, untilBroken = false): { total: number; promises: ReadonlyMap<string, Checked> } {
  const promises = new Map(PROMISES.map(({ promise }): [string, Checked] => [promise, { times: 0, broken: null }]));
  let total = 0;
  for (const s of observations) {
    total += 1;
    const { action, reason } = decide(s);
    for (const { promise, where, holds } of PROMISES) {
      if (!where(s, action)) continue;
      const entry = promises.get(promise)!;
      entry.times += 1;
      if (entry.broken === null && !holds(s, action)) entry.broken = show({ action, reason, ...s });
      if (entry.broken !== null && untilBroken) return { total, promises };
    }
  }
  return { total, promises };
}

function show(value: object): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? part.toString() : part), 1);
}

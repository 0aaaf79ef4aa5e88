/** The duties of whoever holds the Lease: become primary, stay primary, and let go rightly. */
import { goesOn, myPosition } from './election.js';
import { mayWrite } from './lease.js';
import { hasSuccessor, lastWord } from './leave.js';
import { wait } from './say.js';
import { crashSuccessor, successorWithRoom } from './successor.js';
import { askedFor } from './switchover.js';
import type { Decision, LeaseView, Postgres, Release, Snapshot, WalPosition } from './types.js';

type Mine = Extract<LeaseView, { kind: 'mine' }>;

export function lead(s: Snapshot, lease: Mine): Decision {
  if (s.state.kind === 'unknown') return wait('StateUnknown', 'the state of the cluster has not been read yet');
  if (s.postgres.kind === 'primary') return stayPrimary(s, s.postgres);
  if (!mayWrite(s)) return wait('LeaseUnknown', 'this instance holds the Lease, but could not renew it in time; waiting for the API server');
  if (s.postgres.kind === 'standby') return becomePrimary(s, lease, s.postgres.position);
  return fromData(s, lease);
}

function stayPrimary(s: Snapshot, { systemId, position: { timeline } }: Extract<Postgres, { kind: 'primary' }>): Decision {
  if (s.state.kind === 'absent') {
    return { action: { do: 'adoptState', systemId, timeline }, reason: 'the state object was lost; this primary rebuilds it' };
  }
  if (s.state.kind === 'present' && s.state.highestTimeline < timeline) {
    // So that even a lost Lease does not make it forgotten (I28).
    return { action: { do: 'adoptState', systemId, timeline }, reason: `the state object does not know of timeline ${timeline} yet` };
  }
  const retired = s.spec.instances.find((i) => i.name === s.me.instance)?.retire === true;
  if (retired && hasSuccessor(s)) return { action: { do: 'stop', mode: 'fast' }, reason: 'this instance is to be retired and hands over' };
  const asked = askedFor(s);
  if (asked !== null) return { action: { do: 'stop', mode: 'fast' }, reason: `a switchover was asked for; this instance hands over to ${asked}` };
  const successor = successorWithRoom(s);
  if (successor !== null) return { action: { do: 'stop', mode: 'fast' }, reason: `${s.full}; this instance hands over to ${successor}, which has room` };
  return wait('Leading', s.full === null ? 'this instance is the primary' : `this instance is the primary, and nobody with room can take over: ${s.full}`);
}

/** A standby that holds the Lease takes what the crashed primary still has, then promotes (I38). */
function becomePrimary(s: Snapshot, lease: Mine, { lsn, timeline }: WalPosition): Decision {
  const { inherited, reserved } = lease.record.leader;
  if (s.full !== null) {
    return { action: { do: 'releaseLease', version: lease.record.version, release: inherited }, reason: `${s.full}; this instance lets go for one with room` };
  }
  if (reserved <= timeline) {
    return {
      action: { do: 'releaseLease', version: lease.record.version, release: inherited },
      reason: `no timeline after ${timeline} is reserved for this instance; it lets go and is elected anew`,
    };
  }
  if (inherited?.kind === 'crashed' && lsn < inherited.lsn && s.handover === 'pending') {
    return {
      action: { do: 'fetchHandover', from: inherited.from, timeline: inherited.timeline, start: lsn, end: inherited.lsn },
      reason: `${inherited.from} crashed with ${inherited.lsn - lsn} bytes of WAL that this instance has not received`,
    };
  }
  const lost = inherited?.kind === 'crashed' && lsn < inherited.lsn ? `; ${inherited.lsn - lsn} bytes of WAL of ${inherited.from} could not be had` : '';
  return { action: { do: 'promote', timeline: reserved }, reason: `this instance holds the Lease${lost}` };
}

/** PostgreSQL is down and the Lease is here. */
function fromData(s: Snapshot, lease: Mine): Decision {
  const letGo = (reason: string, release: Release | null): Decision =>
    ({ action: { do: 'releaseLease', version: lease.record.version, release }, reason });
  if (s.postgres.kind === 'stopped' && !s.postgres.lockFree) return wait('WaitingForLock', 'an older PostgreSQL still runs on the data directory');

  switch (s.data.kind) {
    case 'unknown':
      return wait('Busy', 'the data directory has not been read yet');
    case 'absent':
    case 'incomplete':
      return initialize(s, lease);
    case 'poisoned':
      return letGo(`a rewind of this data directory did not finish (${s.data.why})`, lease.record.leader.inherited);
    case 'unusable':
      return letGo(s.data.why, lease.record.leader.inherited);
    case 'present':
      break;
  }
  if (s.state.kind === 'present' && !s.state.initialized) {
    // Another one may be at its initdb under an older claim, which from then on it cannot record any more.
    if (s.state.initClaim !== s.me.bootId) return { action: { do: 'claimInit' }, reason: 'the new data directory was made under an older claim' };
    const { systemId, incarnation, end } = s.data;
    return {
      action: { do: 'recordInitialized', systemId, founder: incarnation, timeline: end.timeline },
      reason: 'the new data directory is recorded before anybody can connect',
    };
  }
  const retired = s.spec.instances.find((i) => i.name === s.me.instance)?.retire === true;
  if (s.data.wasPrimary && retired && hasSuccessor(s)) return letGo('this instance is to be retired', lastWord(s));
  // The release names the end of the shutdown checkpoint, and who has less is not eligible (I17, I40): then this instance goes on.
  if (s.data.wasPrimary && s.crash === null && askedFor(s) !== null) return letGo('a switchover was asked for', lastWord(s));
  if (s.full !== null && !goesOn(s, lease.record.leader.reserved)) return letGo(`${s.full}; this instance lets go for one with room`, lease.record.leader.inherited);
  if (goesOn(s, lease.record.leader.reserved)) return primaryInPlace(s, lease);
  return { action: { do: 'startStandby', upstream: null }, reason: 'this instance holds the Lease and recovers before it is promoted' };
}

/** Whoever stopped for want of room may not have got as far as its shutdown checkpoint: it lets go as after a crash, and hands over its WAL. */
function primaryInPlace(s: Snapshot, lease: Mine): Decision {
  if (s.crash !== null || s.full !== null) {
    const successor = crashSuccessor(s);
    const end = myPosition(s);
    if (successor !== null && end !== null) {
      return {
        action: { do: 'releaseLease', version: lease.record.version, release: { kind: 'crashed', from: s.me.instance, timeline: end.timeline, lsn: end.lsn } },
        reason: s.full === null ? `PostgreSQL died; ${successor} takes over sooner than a restart` : `${s.full}; ${successor} takes over`,
      };
    }
  }
  if (s.crash !== null) {
    return { action: { do: 'startPrimary' }, reason: 'PostgreSQL died and no replica can take over: restart in place' };
  }
  return { action: { do: 'startPrimary' }, reason: 'this instance holds the Lease and was the primary' };
}

/** The first data of the cluster, or the loss of all that this instance had (I18, I22, I41). */
function initialize(s: Snapshot, lease: Mine): Decision {
  const letGo = (reason: string): Decision =>
    ({ action: { do: 'releaseLease', version: lease.record.version, release: lease.record.leader.inherited }, reason });
  if (s.full !== null) return letGo(`${s.full}; it is no place for a new cluster`);
  switch (s.state.kind) {
    case 'unknown':
      return wait('StateUnknown', 'the state of the cluster has not been read yet');
    case 'absent':
      if (s.state.claimedSystemIds === null) return wait('StateUnknown', 'the data claims have not been read yet');
      if (s.state.claimedSystemIds.length > 0) return letGo('other volumes of this cluster hold data');
      if (lease.record.leader.systemId !== null) return letGo('the Lease says that this cluster has had data, and this instance has none');
      return { action: { do: 'claimInit' }, reason: 'no instance of this cluster has ever had data' };
    case 'present':
      if (s.state.initialized || s.state.systemId !== null) return letGo('this instance holds the Lease but has no data');
      if (s.state.initClaim !== s.me.bootId) return { action: { do: 'claimInit' }, reason: 'an earlier bootstrap did not finish' };
      if (s.data.kind === 'incomplete') return { action: { do: 'setAside' }, reason: s.data.why };
      return s.spec.origin === 'backup'
        ? { action: { do: 'restore' }, reason: 'a new cluster from another one\'s backup' }
        : { action: { do: 'initdb' }, reason: 'a new cluster' };
  }
}

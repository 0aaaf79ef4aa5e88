/** What an instance does while another one holds the Lease: get the data, follow, and mend what has diverged (I22–I26). */
import { wait } from './say.js';
import { relate } from './timeline.js';
import type { DataDirectory, Decision, Holder, Milliseconds, Postgres, Snapshot, WalPosition } from './types.js';

/** A standby whose upstream lacks the WAL that it needs is rebuilt after this, if nothing has changed meanwhile. */
const WAL_REMOVED_PATIENCE: Milliseconds = 30_000;

export function follow(s: Snapshot, holder: Holder): Decision {
  if (!s.spec.instances.some((i) => i.name === s.me.instance)) return wait('Unlisted', 'the spec does not list this instance; it stays as it is');
  if (s.spec.instances.some((i) => i.name === s.me.instance && i.retire)) return retire(s);
  if (s.postgres.kind === 'stopped' && !s.postgres.lockFree) return wait('WaitingForLock', 'an older PostgreSQL still runs on the data directory');
  if (s.data.kind === 'unusable') return wait(s.data.code === 'otherMajor' ? 'MajorMismatch' : 'DataUnreadable', s.data.why);

  const leader = leaderPosition(s, holder);
  if (leader === null) return wait('LeaderUnreachable', `${holder.instance} holds the Lease, but is not known to be primary yet`);
  if (s.postgres.kind === 'standby') return keepFollowing(s, s.postgres, holder.instance, leader);
  return fromData(s, s.data, holder.instance, leader);
}

/** Somebody else leads, so this instance is no longer needed: it stops, and its slot can be dropped (architecture.md 12). */
function retire(s: Snapshot): Decision {
  return s.postgres.kind === 'stopped'
    ? wait('Retired', 'this instance is retired: its entry in the spec can be removed')
    : { action: { do: 'stop', mode: 'fast' }, reason: 'this instance is to be retired and another one leads' };
}

/** The leader's own word, and only once it is primary: before that its history may still change. */
function leaderPosition(s: Snapshot, holder: Holder): WalPosition | null {
  const report = s.peers.find((p) => p.instance === holder.instance && p.reachedAt !== null)?.report;
  if (report === null || report === undefined || report.role !== 'primary' || report.podUid !== holder.podUid) return null;
  return report.position;
}

function keepFollowing(s: Snapshot, standby: Extract<Postgres, { kind: 'standby' }>, upstream: string, leader: WalPosition): Decision {
  const relation = relate(standby.position, leader);
  if (relation.kind !== 'canFollow') {
    return { action: { do: 'stop', mode: 'fast' }, reason: `this standby has WAL on timeline ${standby.position.timeline} that ${upstream} does not have` };
  }
  if (standby.upstream !== upstream) return { action: { do: 'follow', upstream }, reason: `${upstream} leads now` };
  const stuck = standby.notStreamingSince !== null && s.now - standby.notStreamingSince > WAL_REMOVED_PATIENCE;
  if (stuck && standby.walRemoved) {
    return { action: { do: 'stop', mode: 'fast' }, reason: `${upstream} no longer has the WAL that this standby needs` };
  }
  // It streams, finds no room, and begins again, several times a second.
  if (s.full !== null) return wait('Following', `following ${upstream} as far as there is room: ${s.full}`);
  return wait('Following', standby.streaming ? `streaming from ${upstream}` : `connecting to ${upstream}`);
}

function fromData(s: Snapshot, data: DataDirectory, upstream: string, leader: WalPosition): Decision {
  switch (data.kind) {
    case 'unknown':
      return wait('Busy', 'the data directory has not been read yet');
    case 'absent':
      // A name that nobody has had before must not take a cluster over by accident: all instances renamed in one commit.
      return s.spec.instances.some((i) => i.name === upstream)
        ? { action: { do: 'clone', upstream }, reason: 'this instance has no data' }
        : wait('LeaderUnreachable', `${upstream} leads, but the spec does not list it; nothing is cloned from it`);
    case 'incomplete':
      return { action: { do: 'setAside' }, reason: data.why };
    case 'poisoned':
      return s.rebuild !== null
        ? { action: { do: 'setAside' }, reason: `${s.rebuild}; it is kept aside and cloned anew` }
        : { action: { do: 'rewind', upstream }, reason: data.why };
    case 'unusable':
      return wait('DataUnreadable', data.why);
    case 'present':
      return fromPresent(s, data, upstream, leader);
  }
}

function fromPresent(s: Snapshot, data: Extract<DataDirectory, { kind: 'present' }>, upstream: string, leader: WalPosition): Decision {
  if (s.rebuild !== null) return { action: { do: 'setAside' }, reason: `${s.rebuild}; the data directory is kept aside and cloned anew` };
  // A second restore of the same backup looks like the leader's own past, timeline for timeline.
  if (data.fresh) return { action: { do: 'setAside' }, reason: `this instance made the cluster's first data too, but ${upstream} leads with its own` };
  const relation = relate(data.end, leader);
  const sameNumber = data.end.timeline === leader.timeline;
  if (relation.kind === 'canFollow' && !(sameNumber && data.wasPrimary)) {
    return { action: { do: 'startStandby', upstream }, reason: `${upstream} leads and this instance can follow` };
  }
  if (sameNumber) {
    // A former primary on the leader's own timeline has run on it, which only the leader may. pg_rewind compares numbers and would do nothing.
    return { action: { do: 'setAside' }, reason: `this instance's timeline ${leader.timeline} is another one than ${upstream}'s; its data is kept aside and cloned anew` };
  }
  const from = relation.kind === 'diverged' ? ` after ${relation.fork}` : '';
  return { action: { do: 'rewind', upstream }, reason: `this instance has WAL on timeline ${data.end.timeline}${from} that ${upstream} does not have` };
}

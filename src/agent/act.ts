/** Each action of `decide`, carried out. Resolves to null, or to what the loop must remember of it; rejects when it did not happen. */
import { myPosition } from './core/election.js';
import type { Action, LeaderRecord, Snapshot } from './core/types.js';
import type { LeaseKeeper, WriteOutcome } from './lease-keeper.js';
import type { ClusterStates, LocalPostgres, Peers } from './ports.js';

export interface ActionPorts {
  readonly lease: LeaseKeeper;
  readonly states: ClusterStates;
  readonly peers: Peers;
  readonly postgres: LocalPostgres;
  readonly bootId: string;
}

export async function act(action: Exclude<Action, { do: 'wait' }>, s: Snapshot, ports: ActionPorts, signal: AbortSignal): Promise<string | null> {
  const { lease, states, peers, postgres } = ports;
  const { timing } = s.spec;
  switch (action.do) {
    case 'createLease':
      return settled(await lease.create(firstRecord(s, action.reserve), timing));
    case 'claimLease':
      return settled(await lease.claim(action.version, action.reserve, timing));
    case 'releaseLease':
      return settled(await lease.release(action.version, action.release, timing));
    case 'claimInit':
      await states.claimInit(ports.bootId);
      return null;
    case 'recordInitialized':
      await states.recordInitialized(action);
      return null;
    case 'adoptState':
      await states.adopt(action.systemId, action.timeline);
      return null;
    case 'initdb':
      await postgres.initdb();
      return null;
    case 'restore':
      await postgres.restore(signal);
      return null;
    case 'startPrimary':
      await postgres.startPrimary();
      return null;
    case 'startStandby':
      await postgres.startStandby(action.upstream);
      return null;
    case 'follow':
      await postgres.follow(action.upstream);
      return null;
    case 'clone':
      await postgres.clone(action.upstream, signal);
      return null;
    case 'rewind':
      return postgres.rewind(action.upstream, signal);
    case 'setAside':
      await postgres.setAside();
      return null;
    case 'fetchHandover':
      await postgres.fetchHandover(action.from, { timeline: action.timeline, start: action.start, end: action.end }, signal);
      return null;
    case 'promote':
      await postgres.promote(action.timeline, signal);
      return null;
    case 'stop':
      await postgres.stop(action.mode);
      return null;
    case 'survey':
      // Without a Lease, only the state object tells how far a leader had come; an old reading of it would be no survey (I28).
      await Promise.all([peers.survey(), s.lease.kind === 'absent' ? states.reread() : null]);
      return null;
    case 'exit':
      return null;
  }
}

/** Somebody else being faster is no failure: the next look at the Lease shows it. */
function settled(outcome: WriteOutcome): string | null {
  return outcome.ok ? null : outcome.why;
}

function firstRecord(s: Snapshot, reserve: number): LeaderRecord {
  const systemId = s.state.kind === 'present' ? s.state.systemId : null;
  const timeline = s.state.kind === 'present' ? s.state.highestTimeline : myPosition(s)?.timeline ?? 0;
  return { systemId, timeline, reserved: Math.max(timeline, reserve), lsn: 0n, release: null, inherited: null };
}

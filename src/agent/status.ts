/** What this instance says about itself: to the other agents (Report), to probes, and to people. All of it derived from the last snapshot. */
import type { HealthView, PeerHandlers } from './api/types.js';
import type { InstanceStatus, LeaseStatus, PositionStatus, Problem } from '../contract/status.js';
import { myPosition, unfit } from './core/election.js';
import { fenceAt } from './core/lease.js';
import { formatLsn } from './core/lsn.js';
import { switchoverCandidates } from './core/switchover.js';
import type { Decision, Report, Snapshot, WalPosition } from './core/types.js';

/** A loop that has not passed for this long is stuck. */
const LIVE_WITHIN = 30_000;

export function reportOf(s: Snapshot): object {
  const { postgres, data, me } = s;
  const running = postgres.kind === 'primary' || postgres.kind === 'standby';
  const report: Report = {
    instance: me.instance,
    podUid: me.podUid,
    bootId: me.bootId,
    role: running ? postgres.kind : 'none',
    systemId: running ? postgres.systemId : data.kind === 'present' ? data.systemId : null,
    position: myPosition(s),
    wasPrimary: data.kind === 'present' && data.wasPrimary,
    streaming: postgres.kind === 'standby' && postgres.streaming,
    unfit: unfit(s),
    data: data.kind,
  };
  return { ...report, position: report.position === null ? null : written(report.position) };
}

function written(position: WalPosition): PositionStatus {
  return {
    timeline: position.timeline,
    lsn: formatLsn(position.lsn),
    history: position.history.map((fork) => ({ timeline: fork.timeline, lsn: formatLsn(fork.lsn) })),
  };
}

export interface Problems {
  /** The latest trouble of each kind that is not over. */
  readonly current: readonly Problem[];
}

export function healthOf(s: Snapshot | null, decision: Decision | null, now: number, problems: Problems, slowestRenewal: number | null, backups: NonNullable<InstanceStatus['backups']> | null): HealthView {
  if (s === null || decision === null) {
    return { live: true, ready: { ok: false, why: 'the spec has not been read yet' }, role: 'none', status: { problems: problems.current } };
  }
  const ready = readiness(s);
  return {
    live: now - s.now < LIVE_WITHIN,
    ready,
    role: s.postgres.kind === 'primary' && s.lease.kind === 'mine' ? 'primary' : s.postgres.kind === 'standby' ? 'replica' : 'none',
    status: {
      instance: s.me.instance,
      postgres: s.postgres.kind,
      ready: ready.ok,
      doing: decision.action.do === 'wait' ? decision.action.code : decision.action.do,
      reason: decision.reason,
      position: myPosition(s) === null ? null : written(myPosition(s)!),
      streaming: s.postgres.kind === 'standby' ? s.postgres.streaming : null,
      upstream: s.postgres.kind === 'standby' ? s.postgres.upstream : null,
      systemId: s.state.kind === 'present' ? s.state.systemId : null,
      lease: { ...leaseStatus(s), slowestRenewalMs: slowestRenewal === null ? null : Math.round(slowestRenewal) },
      data: s.data.kind,
      ...backups === null ? {} : { backups },
      leaving: s.me.leavingSince !== null,
      peers: s.peers.map((p) => ({ instance: p.instance, reached: p.reachedAt !== null, role: p.report?.role ?? null, leaving: p.leaving })),
      problems: problems.current,
    } satisfies InstanceStatus,
  };
}

/** Asked of the primary, which alone knows how far its WAL goes. */
export function candidatesOf(s: Snapshot | null): ReturnType<PeerHandlers['candidates']> {
  if (s === null || s.lease.kind !== 'mine' || s.postgres.kind !== 'primary') return { refused: 'this is not the primary' };
  return {
    candidates: switchoverCandidates(s).map(({ instance, position, lacks, why }) => ({
      instance, position: position === null ? null : written(position), lagBytes: lacks === null ? null : Number(lacks), eligible: why === null, why,
    })),
  };
}

function leaseStatus(s: Snapshot): Omit<LeaseStatus, 'slowestRenewalMs'> {
  switch (s.lease.kind) {
    case 'mine':
      return { view: 'mine', term: s.lease.record.term, fencedInMs: Math.round(fenceAt(s.lease) - s.now) };
    case 'theirs':
      return { view: 'theirs', holder: s.lease.holder.instance, term: s.lease.record.term, unchangedForMs: Math.round(s.now - s.lease.since) };
    case 'free':
      return { view: 'free', release: s.lease.record.leader.release?.kind ?? null, from: s.lease.record.leader.release?.from ?? null };
    case 'absent':
    case 'unknown':
      return { view: s.lease.kind };
  }
}

/** A replica is ready only when it streams and is of this system; a primary only while the Lease is its own. */
function readiness(s: Snapshot): { ok: boolean; why: string } {
  const no = (why: string) => ({ ok: false, why });
  const { postgres } = s;
  if (s.me.leavingSince !== null) return no('the pod is terminating');
  if (postgres.kind !== 'primary' && postgres.kind !== 'standby') return no(`PostgreSQL is ${postgres.kind}`);
  const expected = s.state.kind === 'present' ? s.state.systemId : null;
  if (expected !== null && expected !== postgres.systemId) return no(`its system id is ${postgres.systemId}, the cluster's ${expected}`);
  if (postgres.kind === 'primary') return s.lease.kind === 'mine' ? { ok: true, why: 'primary' } : no('it does not hold the Lease');
  return postgres.streaming ? { ok: true, why: `streaming from ${postgres.upstream}` } : no('it does not stream');
}

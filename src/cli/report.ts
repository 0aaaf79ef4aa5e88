/** What is told of a cluster, from what was seen of it: the JSON of `status -o json`, and where its tables come from. Pure. */
import type { Heard, LeaseSeen, Observation } from './observe.js';
import { COMPONENT_INSTANCE, COMPONENT_POOLER, COMPONENT_REPO } from '../contract/labels.js';
import type { BackupsSpec, ClusterSpec } from '../contract/spec.js';
import type { ArchiverStatus, BackupsStatus, InstanceStatus, RepoStatus } from '../contract/status.js';

export interface InstanceReport {
  readonly instance: string;
  readonly pod: string | null;
  readonly node: string | null;
  readonly role: 'primary' | 'replica' | 'none' | 'unknown';
  readonly ready: boolean;
  readonly timeline: number | null;
  readonly lsn: string | null;
  /** Bytes of write-ahead log that it has not received; the positions are not of one moment. Only of a replica, while there is a primary. */
  readonly lagBytes: number | null;
  readonly upstream: string | null;
  readonly restarts: number;
  readonly doing: string;
}

export interface LeaseReport {
  readonly holder: string | null;
  /** By the clock of this machine: to be read, not to be judged by. */
  readonly ageSeconds: number | null;
  /** Too old by that clock, and no primary says that it holds it. */
  readonly expired: boolean;
  readonly term: number;
}

export interface PodReport {
  readonly pod: string;
  readonly ready: boolean;
}

export interface Trouble {
  /** `cluster`, the pod, or what has no pod. */
  readonly where: string;
  readonly code: string;
  readonly message: string;
}

export interface ClusterReport {
  readonly cluster: string;
  readonly namespace: string;
  readonly postgresVersion: string;
  /** Nothing is wrong: what the exit code tells. */
  readonly whole: boolean;
  readonly primary: string | null;
  readonly timeline: number | null;
  readonly lease: LeaseReport | null;
  readonly instances: readonly InstanceReport[];
  /** null: nothing is backed up. */
  readonly backups: BackupsStatus & { readonly archiver: ArchiverStatus | null; readonly repoHost: PodReport | null } | null;
  readonly poolers: readonly PodReport[];
  readonly problems: readonly Trouble[];
}

export function reportOf(seen: Observation, now: Date): ClusterReport {
  const { spec, namespace, heard } = seen;
  const instanceStatuses = ofComponent(heard, COMPONENT_INSTANCE);
  // Whether the Lease still holds is for its holder to say: it fences itself in time, and no clock but its own is asked.
  const primary = instanceStatuses.map(instanceStatus)
    .find((status) => status?.postgres === 'primary' && status.lease.view === 'mine' && status.instance === seen.lease?.holder) ?? null;
  const lease = seen.lease === null ? null : leaseReport(seen.lease, primary !== null, now);
  const instances = spec.instances.map(({ name }) => instanceReport(name, instanceStatuses, primary));
  const problems = [
    ...clusterTroubles(lease, primary),
    ...spec.instances.filter(({ retire }) => !retire).flatMap(({ name }) => instanceTroubles(instances.find(({ instance }) => instance === name)!)),
    ...absenceTroubles(spec, heard),
    ...heard.flatMap(agentTroubles),
  ];
  return {
    cluster: spec.cluster,
    namespace,
    postgresVersion: spec.postgresVersion,
    whole: problems.length === 0,
    primary: primary?.instance ?? null,
    timeline: primary?.position?.timeline ?? null,
    lease,
    instances,
    backups: spec.backups === undefined ? null : backupsReport(spec.backups, heard, primary),
    poolers: ofComponent(heard, COMPONENT_POOLER).map(podReport),
    problems,
  };
}

function ofComponent(heard: readonly Heard[], component: string): readonly Heard[] {
  return heard.filter(({ pod }) => pod.component === component);
}

/** null of an agent that does not answer, or has not looked at its cluster yet. */
function instanceStatus({ status }: Heard): InstanceStatus | null {
  return typeof status !== 'string' && 'postgres' in status ? status as InstanceStatus : null;
}

function leaseReport({ holder, renewedAt, durationSeconds, term }: LeaseSeen, held: boolean, now: Date): LeaseReport {
  const ageSeconds = renewedAt === null ? null : Math.max(0, (now.getTime() - renewedAt.getTime()) / 1000);
  return { holder, ageSeconds, expired: !held && (ageSeconds === null || ageSeconds > durationSeconds), term };
}

function instanceReport(instance: string, heard: readonly Heard[], primary: InstanceStatus | null): InstanceReport {
  // While a pod is replaced there may be two: the one that stays says more.
  const own = heard.filter(({ pod }) => pod.instance === instance).sort((a, b) => Number(a.pod.terminating) - Number(b.pod.terminating))[0];
  if (own === undefined) {
    return { instance, pod: null, node: null, role: 'unknown', ready: false, timeline: null, lsn: null, lagBytes: null, upstream: null, restarts: 0, doing: 'it has no pod' };
  }
  const { pod } = own;
  const status = instanceStatus(own);
  const base = { instance, pod: pod.name, node: pod.node, ready: pod.ready, restarts: pod.restarts };
  if (status === null) {
    return { ...base, role: 'unknown', timeline: null, lsn: null, lagBytes: null, upstream: null, doing: typeof own.status === 'string' ? own.status : 'starting' };
  }
  const role = status.postgres === 'primary' ? 'primary' : status.postgres === 'standby' ? 'replica' : 'none';
  return {
    ...base,
    role,
    timeline: status.position?.timeline ?? null,
    lsn: status.position?.lsn ?? null,
    lagBytes: role === 'replica' && primary?.position && status.position ? lag(primary.position.lsn, status.position.lsn) : null,
    upstream: status.upstream,
    doing: status.doing === 'Leading' || status.doing === 'Following' ? status.doing : `${status.doing}: ${status.reason}`,
  };
}

/** A replica that was asked a moment later may be ahead of what the primary said. */
function lag(primary: string, replica: string): number {
  const behind = parseLsn(primary) - parseLsn(replica);
  return behind > 0n ? Number(behind) : 0;
}

/** `16/B374D848`: the halves of a 64-bit number. */
export function parseLsn(lsn: string): bigint {
  const [high = '0', low = '0'] = lsn.split('/');
  return (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`);
}

function clusterTroubles(lease: LeaseReport | null, primary: InstanceStatus | null): readonly Trouble[] {
  if (primary !== null) return [];
  const why = lease === null ? 'nobody has taken the Lease yet'
    : lease.holder === null ? 'the Lease is free'
      : lease.expired ? `the Lease of instance ${lease.holder} has expired by the clock of this machine`
        : `instance ${lease.holder} holds the Lease and is not primary yet`;
  return [{ where: 'cluster', code: 'NoPrimary', message: `nothing can be written: ${why}` }];
}

function instanceTroubles({ instance, ready, doing }: InstanceReport): readonly Trouble[] {
  return ready ? [] : [{ where: `instance ${instance}`, code: 'NotReady', message: doing }];
}

/** What should be there beside the instances, and has not one pod that could tell of its trouble. */
function absenceTroubles({ backups, pooler }: ClusterSpec, heard: readonly Heard[]): readonly Trouble[] {
  const absent = (wanted: boolean, component: string) => wanted && ofComponent(heard, component).length === 0;
  return [
    ...absent(backups?.host !== undefined, COMPONENT_REPO) ? [{ where: 'repo host', code: 'NotReady', message: 'it has no pod: no backup can be made' }] : [],
    ...absent(pooler !== undefined, COMPONENT_POOLER) ? [{ where: 'pooler', code: 'NotReady', message: 'it has no pods: nobody can connect through it' }] : [],
  ];
}

function agentTroubles({ pod, status }: Heard): readonly Trouble[] {
  const silent = typeof status === 'string' && pod.ready ? [{ where: pod.name, code: 'Silent', message: `its agent is not heard: ${status}` }] : [];
  const unready = pod.component !== COMPONENT_INSTANCE && !pod.ready ? [{ where: pod.name, code: 'NotReady', message: pod.waiting ?? 'the pod is not ready' }] : [];
  const told = typeof status === 'string' ? [] : status.problems.map((problem) => ({ where: pod.name, ...problem }));
  return [...silent, ...unready, ...told];
}

/** The repo host makes the backups; in a cluster that has none, the primary. */
function backupsReport({ host }: BackupsSpec, heard: readonly Heard[], primary: InstanceStatus | null): ClusterReport['backups'] {
  const repo = ofComponent(heard, COMPONENT_REPO)[0];
  const { archiver = null, ...ofPrimary } = primary?.backups ?? {};
  const told: BackupsStatus = host === undefined ? ofPrimary : repo === undefined || typeof repo.status === 'string' ? {} : repo.status as RepoStatus;
  const { stanza, backups, archives, running } = told;
  return { stanza, backups, archives, running, archiver, repoHost: repo === undefined ? null : podReport(repo) };
}

function podReport({ pod }: Heard): PodReport {
  return { pod: pod.name, ready: pod.ready };
}

/** How far the Job of a backup has come, from what Kubernetes says of it and of its pod. Pure. */
import type { V1Job, V1Pod, V1PodStatus } from '@kubernetes/client-node';

export type JobProgress =
  /** `why`: what keeps it from starting, as far as Kubernetes says. */
  | { readonly kind: 'waits'; readonly pod: string | null; readonly why: string | null }
  | { readonly kind: 'started'; readonly pod: string }
  | JobEnd;

export interface JobEnd {
  readonly kind: 'ended';
  readonly ok: boolean;
  /** What Kubernetes says of a failure. */
  readonly why: string | null;
}

/** Without a pod for so long, something keeps it from being made: a quota, an admission. */
const POD_WITHIN_MS = 60_000;
/** An image is pulled, a node is added. */
const STARTED_WITHIN_MS = 300_000;
/** What every pod goes through. */
const PASSING = new Set(['ContainerCreating', 'PodInitializing']);

/** A container that has started has a log, which is told even though the Job may have ended. */
export function progressOf(job: V1Job, pod: V1Pod | undefined): JobProgress {
  if (pod !== undefined && hasStarted(pod)) return { kind: 'started', pod: nameOf(pod) };
  const end = endOf(job);
  const why = obstacle(pod?.status);
  if (end !== null) return end.ok ? end : { ...end, why: why ?? end.why };
  return { kind: 'waits', pod: pod === undefined ? null : nameOf(pod), why };
}

export function endOf({ status }: V1Job): JobEnd | null {
  const is = (type: string) => status?.conditions?.find((condition) => condition.type === type && condition.status === 'True');
  if (is('Complete') !== undefined) return { kind: 'ended', ok: true, why: null };
  const failed = is('Failed');
  return failed === undefined ? null : { kind: 'ended', ok: false, why: told(failed.reason, failed.message) };
}

/** Why there is no more waiting; null while there is. The Job is left: it may still be wanted. */
export function overdue(job: string, namespace: string, { pod, why }: JobProgress & { kind: 'waits' }, waitedMs: number): string | null {
  const within = pod === null ? POD_WITHIN_MS : STARTED_WITHIN_MS;
  if (waitedMs <= within) return null;
  const what = pod === null ? `job ${job} has no pod` : `pod ${pod} has not started`;
  const look = pod === null ? `describe job ${job}` : `describe pod ${pod}`;
  return `${what} after ${within / 1000} s${why === null ? '' : ` (${why})`}; `
    + `to see why: kubectl -n ${namespace} ${look}; to give it up: kubectl -n ${namespace} delete job ${job}`;
}

function hasStarted({ status }: V1Pod): boolean {
  const state = status?.containerStatuses?.[0]?.state;
  return state?.running !== undefined || state?.terminated !== undefined;
}

/** Of a pod whose container has not started: that no node takes it, that Kubernetes has given it up, that its image cannot be had. */
function obstacle(status: V1PodStatus | undefined): string | null {
  const unscheduled = status?.conditions?.find(({ type, status: is }) => type === 'PodScheduled' && is === 'False');
  const waiting = status?.containerStatuses?.[0]?.state?.waiting;
  return told(status?.reason, status?.message) ?? told(unscheduled?.reason, unscheduled?.message)
    ?? (PASSING.has(waiting?.reason ?? '') ? null : told(waiting?.reason, waiting?.message));
}

function told(reason: string | undefined, message: string | undefined): string | null {
  const parts = [reason, message].filter((part) => part !== undefined && part !== '');
  return parts.length === 0 ? null : parts.join(': ');
}

function nameOf({ metadata }: V1Pod): string {
  return metadata?.name ?? '';
}

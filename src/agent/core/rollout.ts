/**
 * Which pod to replace next, when Git has changed pod templates (architecture.md 1).
 *
 * StatefulSets are OnDelete, so no pod restarts by itself; the leader decides. Replicas first, one at a time and only while everybody is
 * healthy; the leader's own pod last, whose deletion is a switchover.
 */
import type { Milliseconds } from './types.js';

export interface RolloutPod {
  readonly instance: string;
  readonly uid: string;
  readonly name: string;
  /** The revision that it was made from; null when unknown. */
  readonly revision: string | null;
  readonly ready: boolean;
  readonly leaving: boolean;
}

export interface RolloutView {
  readonly me: string;
  /** Every listed instance. */
  readonly instances: readonly RolloutInstance[];
  readonly pods: readonly RolloutPod[];
  /** How long all templates have been as they are now, as far as this leader has watched. */
  readonly unchangedFor: Milliseconds;
  readonly specMajor: string;
  readonly dataMajor: string;
}

export interface RolloutInstance {
  readonly name: string;
  /** The revision that a pod made now would have; null while the controller has not said. */
  readonly updateRevision: string | null;
  /** The PostgreSQL major version that its StatefulSet is made for; null when it does not say. */
  readonly major: string | null;
}

/**
 * A commit's StatefulSets are applied one after the other. While they still change, a leader whose own is first would take every replica for up
 * to date and hand over to one that is replaced next.
 */
export const TEMPLATES_SETTLE: Milliseconds = 5_000;

/** What holds a rollout up until something else changes. */
export const ROLLOUT_PROBLEMS = ['MajorMismatch', 'RolloutWaiting'] as const;

export type RolloutStep =
  | { readonly kind: 'none' }
  /** The templates have just changed, and more of them may. */
  | { readonly kind: 'settling' }
  | { readonly kind: 'replace'; readonly pod: RolloutPod; readonly reason: string }
  | { readonly kind: 'blocked'; readonly code: (typeof ROLLOUT_PROBLEMS)[number]; readonly reason: string };

export function planRollout(view: RolloutView): RolloutStep {
  const pods = view.instances.map((instance) => ({ ...instance, pod: view.pods.find((p) => p.instance === instance.name) }));
  const outdated = pods.filter(({ pod, updateRevision }) => pod !== undefined && updateRevision !== null && pod.revision !== updateRevision);
  // The spec may be applied after the templates of the same commit, so each StatefulSet's own word counts too.
  for (const major of [view.specMajor, ...outdated.flatMap((instance) => instance.major ?? [])]) {
    const mismatch = majorMismatch(major, view.dataMajor);
    if (mismatch !== null) return { kind: 'blocked', code: 'MajorMismatch', reason: mismatch };
  }
  if (outdated.length === 0) return { kind: 'none' };
  if (view.unchangedFor < TEMPLATES_SETTLE || view.instances.some(({ updateRevision }) => updateRevision === null)) {
    return { kind: 'settling' };
  }
  // A pod that is down on an outdated revision gains nothing by waiting: the new revision may be its cure.
  const broken = outdated.find(({ pod, name }) => !pod!.ready && !pod!.leaving && name !== view.me);
  const unhealthy = pods.filter(({ pod }) => pod === undefined || pod.leaving || !pod.ready);
  const inTheWay = unhealthy.filter(({ name }) => name !== broken?.name);
  if (inTheWay.some(({ pod }) => pod === undefined || pod.leaving) || (broken === undefined && inTheWay.length > 0)) {
    return { kind: 'blocked', code: 'RolloutWaiting', reason: `waiting for ${inTheWay.map((p) => p.name).join(', ')} to become ready` };
  }
  if (broken !== undefined) return { kind: 'replace', pod: broken.pod!, reason: 'it is not ready and its pod template is outdated' };
  const next = outdated.find(({ name }) => name !== view.me) ?? outdated[0]!;
  return {
    kind: 'replace', pod: next.pod!,
    reason: next.name === view.me ? 'every replica is up to date; the leader is replaced last, after a switchover' : 'its pod template is outdated',
  };
}

/** Another major version cannot read the data; null when they agree. */
function majorMismatch(wanted: string, dataMajor: string): string | null {
  if (wanted === dataMajor) return null;
  return `the program asks for PostgreSQL ${wanted}, but the data is of ${dataMajor}; no pod is touched until it says ${dataMajor} again`;
}

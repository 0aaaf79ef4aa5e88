/**
 * Which pod to replace next, when Git has changed pod templates (architecture.md 1).
 *
 * StatefulSets are OnDelete, so no pod restarts by itself; the leader decides. Replicas first, one at a time and only while everybody is
 * healthy; the leader's own pod last, whose deletion is a switchover.
 */
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
  /** Every listed instance and the revision that a pod made now would have; null while the controller has not said. */
  readonly instances: readonly { readonly name: string; readonly updateRevision: string | null }[];
  readonly pods: readonly RolloutPod[];
  readonly specMajor: string;
  readonly dataMajor: string;
}

export type RolloutStep =
  | { readonly kind: 'none' }
  | { readonly kind: 'replace'; readonly pod: RolloutPod; readonly reason: string }
  | { readonly kind: 'blocked'; readonly code: 'MajorMismatch' | 'RolloutWaiting'; readonly reason: string };

export function planRollout(view: RolloutView): RolloutStep {
  const pods = view.instances.map(({ name, updateRevision }) => ({ name, updateRevision, pod: view.pods.find((p) => p.instance === name) }));
  const outdated = pods.filter(({ pod, updateRevision }) => pod !== undefined && updateRevision !== null && pod.revision !== updateRevision);
  if (outdated.length === 0) return { kind: 'none' };
  const mismatch = majorMismatch(view.specMajor, view.dataMajor);
  if (mismatch !== null) return { kind: 'blocked', code: 'MajorMismatch', reason: mismatch };
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
export function majorMismatch(specMajor: string, dataMajor: string): string | null {
  if (specMajor === dataMajor) return null;
  return `the spec asks for PostgreSQL ${specMajor}, but the data is of ${dataMajor}; no pod is touched until the spec says ${dataMajor} again`;
}

/** Replaces outdated pods, as core/rollout.ts plans; only while this instance is primary. */
import type { ClusterSpec } from '../../contract/spec.js';
import { planRollout, ROLLOUT_PROBLEMS, type RolloutStep } from '../core/rollout.js';
import type { Snapshot } from '../core/types.js';
import type { Events, PodInfo, Pods, StatefulSets } from '../kube/types.js';
import type { ProblemBoard } from '../problems.js';
import type { Duty } from './duty.js';

export interface RolloutContext {
  readonly pods: Pods;
  readonly statefulSets: StatefulSets;
  readonly events: Events;
  readonly problems: ProblemBoard;
  readonly snapshot: () => Snapshot | null;
  readonly spec: () => ClusterSpec | null;
  /** The major version of the data that runs. */
  readonly dataMajor: string;
  readonly instance: string;
  readonly log: (message: string, details: object) => void;
}

export function rolloutDuty(context: RolloutContext): Duty {
  let templates = '';
  let changedAt = 0;
  const tell = (step: RolloutStep) => {
    for (const code of ROLLOUT_PROBLEMS) context.problems.set(code, step.kind === 'blocked' && step.code === code ? step.reason : null);
  };
  return {
    name: 'Rollout',
    every: 2_000,
    async run() {
      const s = context.snapshot();
      const spec = context.spec();
      if (s === null || spec === null || s.postgres.kind !== 'primary' || s.lease.kind !== 'mine' || s.me.leavingSince !== null) {
        tell({ kind: 'none' });
        return;
      }
      const [pods, sets] = await Promise.all([context.pods.list(), context.statefulSets.list()]);
      if (!pods.ok) throw new Error(pods.message);
      if (!sets.ok) throw new Error(sets.message);
      const instances = spec.instances.filter((i) => !i.retire).map(({ name, statefulSet }) => {
        const set = sets.value.find((candidate) => candidate.name === statefulSet);
        return { name, updateRevision: set?.updateRevision ?? null, major: set?.major ?? null };
      });
      const found = JSON.stringify(instances);
      if (found !== templates) {
        templates = found;
        changedAt = s.now;
      }
      const step = planRollout({
        me: context.instance,
        instances,
        unchangedFor: s.now - changedAt,
        pods: pods.value.flatMap(asRolloutPod),
        specMajor: spec.postgresVersion,
        dataMajor: context.dataMajor,
      });
      tell(step);
      if (step.kind !== 'replace') return;
      context.log(`replacing pod ${step.pod.name}: ${step.reason}`, { instance: step.pod.instance });
      context.events.tell('Normal', 'ReplacingPod', `pod ${step.pod.name} is replaced: ${step.reason}`);
      const deleted = await context.pods.delete(step.pod);
      if (!deleted.ok && deleted.kind !== 'notFound' && deleted.kind !== 'conflict') throw new Error(deleted.message);
    },
  };
}

function asRolloutPod(pod: PodInfo) {
  if (pod.instance === null) return [];
  return [{ instance: pod.instance, uid: pod.uid, name: pod.name, revision: pod.revision, ready: pod.ready, leaving: pod.terminating }];
}

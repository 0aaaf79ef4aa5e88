/** The role labels that the -ro and -r Services select: kept by the leader for all pods, by each agent for its own (architecture.md 5). */
import { ROLE_PRIMARY, ROLE_REPLICA } from '../../contract/index.js';
import type { PodInfo, Pods, Result } from '../kube/types.js';

/** What every pod should carry when `primary` is the pod of the leader; a terminating pod is left as it is. */
export function wrongRoles(pods: readonly PodInfo[], primaryUid: string): readonly { pod: PodInfo; role: string }[] {
  return pods
    .filter((pod) => !pod.terminating)
    .map((pod) => ({ pod, role: pod.uid === primaryUid ? ROLE_PRIMARY : ROLE_REPLICA }))
    .filter(({ pod, role }) => pod.role !== role);
}

/** Old primaries lose the label before the new one gets it, so that a selector never matches two. Tells the pods that were changed. */
export async function repairRoles(pods: Pods, seen: readonly PodInfo[], primaryUid: string): Promise<Result<readonly string[]>> {
  const wrong = [...wrongRoles(seen, primaryUid)].sort((a, b) => Number(a.pod.uid === primaryUid) - Number(b.pod.uid === primaryUid));
  const changed: string[] = [];
  for (const { pod, role } of wrong) {
    const labelled = await pods.labelRole(pod, role);
    if (labelled.ok) changed.push(pod.name);
    // A pod that is gone needs no label any more.
    else if (labelled.kind !== 'notFound' && labelled.kind !== 'conflict') return labelled;
  }
  return { ok: true, value: changed };
}

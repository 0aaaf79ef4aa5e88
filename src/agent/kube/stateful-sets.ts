/** The StatefulSets of the instances: a pod whose revision differs from `updateRevision` is outdated (architecture.md 1). */
import { STATEFUL_SETS, type KubeApi, type StatefulSet } from './client.js';
import type { Result, StatefulSetInfo, StatefulSets } from './types.js';
import { CLUSTER_LABEL, INSTANCE_LABEL, MAJOR_LABEL } from '../../contract/index.js';

export class KubeStatefulSets implements StatefulSets {
  constructor(private readonly api: KubeApi, private readonly cluster: string) {}

  async list(): Promise<Result<readonly StatefulSetInfo[]>> {
    const sets = await this.api.list(STATEFUL_SETS, { labels: { [CLUSTER_LABEL]: this.cluster } });
    return sets.ok ? { ok: true, value: sets.value.items.map(readSet) } : sets;
  }
}

function readSet({ metadata, spec, status }: StatefulSet): StatefulSetInfo {
  // Before the controller has seen the newest template, updateRevision is that of the one before.
  const seen = status?.observedGeneration !== undefined && status.observedGeneration === metadata?.generation;
  return {
    name: metadata?.name ?? '',
    instance: metadata?.labels?.[INSTANCE_LABEL] ?? null,
    updateRevision: seen ? status.updateRevision ?? null : null,
    major: metadata?.labels?.[MAJOR_LABEL] ?? null,
    replicas: spec?.replicas ?? 1,
    readyReplicas: status?.readyReplicas ?? 0,
  };
}

/** The pods of the cluster's instances, as the API server knows them. */
import { PODS, type KubeApi, type Pod } from './client.js';
import type { ContainerTermination, PodInfo, Pods, Result } from './types.js';
import { watchAll } from './watch.js';
import { CLUSTER_LABEL, COMPONENT_INSTANCE, COMPONENT_LABEL, INSTANCE_LABEL, ROLE_LABEL } from '../../contract/index.js';

export class KubePods implements Pods {
  private readonly selection: { readonly labels: Readonly<Record<string, string>> };

  constructor(private readonly api: KubeApi, cluster: string) {
    this.selection = { labels: { [CLUSTER_LABEL]: cluster, [COMPONENT_LABEL]: COMPONENT_INSTANCE } };
  }

  async list(): Promise<Result<readonly PodInfo[]>> {
    const pods = await this.api.list(PODS, this.selection);
    return pods.ok ? { ok: true, value: pods.value.items.map(readPod) } : pods;
  }

  async watch(wake: () => void, signal: AbortSignal): Promise<void> {
    await watchAll(this.api, PODS, this.selection, wake, signal);
  }

  async labelRole(pod: { readonly name: string; readonly uid: string }, role: string | null): Promise<Result<void>> {
    const patched = await this.api.patch(PODS, pod.name, { metadata: { uid: pod.uid, labels: { [ROLE_LABEL]: role } } });
    if (patched.ok) return { ok: true, value: undefined };
    // Another pod under the same name: the API server takes the uid in the patch for an attempt to change it.
    return patched.kind === 'invalid' && patched.message.includes('metadata.uid') ? { ...patched, kind: 'conflict' } : patched;
  }

  async delete(pod: { readonly name: string; readonly uid: string }): Promise<Result<void>> {
    return this.api.delete(PODS, pod.name, pod.uid);
  }
}

function readPod(pod: Pod): PodInfo {
  const labels = pod.metadata?.labels ?? {};
  return {
    name: pod.metadata?.name ?? '',
    uid: pod.metadata?.uid ?? '',
    instance: labels[INSTANCE_LABEL] ?? null,
    ip: pod.status?.podIP ?? null,
    nodeName: pod.spec?.nodeName ?? null,
    ready: pod.status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false,
    terminating: pod.metadata?.deletionTimestamp !== undefined,
    revision: labels['controller-revision-hash'] ?? null,
    role: labels[ROLE_LABEL] ?? null,
    terminations: (pod.status?.containerStatuses ?? []).flatMap(terminationsOf),
  };
}

type ContainerStatus = NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number];

function terminationsOf(status: ContainerStatus): ContainerTermination[] {
  return [status.state?.terminated, status.lastState?.terminated].flatMap((ended) => ended === undefined ? [] : [{
    container: status.name,
    containerId: ended.containerID ?? '',
    exitCode: ended.exitCode,
    reason: ended.reason ?? '',
  }]);
}

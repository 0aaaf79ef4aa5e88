/** What there is to see of a cluster: its spec, its Lease, its pods, and what the agents in them say. */
import type { V1Pod } from '@kubernetes/client-node';
import { Failure } from './exit.js';
import type { Kube } from './kube.js';
import { CLUSTER_LABEL, COMPONENT_BACKUP, COMPONENT_LABEL, INSTANCE_LABEL } from '../contract/labels.js';
import { SPEC_KEY, type ClusterSpec } from '../contract/spec.js';
import type { AgentStatus } from '../contract/status.js';

export interface Found {
  readonly namespace: string;
  readonly spec: ClusterSpec;
}

export interface LeaseSeen {
  /** The instance that holds it; null while it is free. */
  readonly holder: string | null;
  readonly renewedAt: Date | null;
  readonly durationSeconds: number;
  readonly term: number;
}

export interface PodSeen {
  readonly name: string;
  /** `instance`, `repo` or `pooler`. */
  readonly component: string;
  readonly instance: string | null;
  readonly node: string | null;
  readonly ready: boolean;
  readonly terminating: boolean;
  readonly restarts: number;
  /** What Kubernetes calls its state when it does not run, like `Pending` or `ImagePullBackOff`. */
  readonly waiting: string | null;
  /** The container with the agent. */
  readonly container: string;
  readonly raw: V1Pod;
}

export interface Heard {
  readonly pod: PodSeen;
  /** What the agent says, or why it says nothing. */
  readonly status: AgentStatus | string;
}

export interface Observation extends Found {
  readonly lease: LeaseSeen | null;
  readonly heard: readonly Heard[];
}

/** Clusters of a namespace, or of all. */
export async function findClusters(kube: Kube, namespace: string | null): Promise<readonly Found[]> {
  const labelSelector = CLUSTER_LABEL;
  const { items } = await kube.ask(namespace === null
    ? kube.core.listConfigMapForAllNamespaces({ labelSelector })
    : kube.core.listNamespacedConfigMap({ namespace, labelSelector }));
  return items.flatMap(({ metadata, data }) => {
    const text = data?.[SPEC_KEY];
    return text === undefined ? [] : [{ namespace: metadata?.namespace ?? '', spec: JSON.parse(text) as ClusterSpec }];
  });
}

export async function findCluster(kube: Kube, name: string): Promise<Found> {
  const all = await findClusters(kube, kube.namespace);
  const found = all.find(({ spec }) => spec.cluster === name);
  if (found === undefined) {
    const there = all.map(({ spec }) => spec.cluster).join(', ');
    throw new Failure(`there is no cluster "${name}" in namespace ${kube.namespace}; there ${all.length === 0 ? 'is none' : `are: ${there}`}`);
  }
  return found;
}

export async function readLease(kube: Kube, { namespace, spec }: Found): Promise<LeaseSeen | null> {
  const lease = await kube.find(kube.coordination.readNamespacedLease({ namespace, name: spec.objects.lease }));
  if (lease === null) return null;
  const { holderIdentity, renewTime, leaseDurationSeconds, leaseTransitions } = lease.spec ?? {};
  // The instance, the pod's uid and the agent's life, with slashes between them.
  const holder = holderIdentity?.split('/')[0];
  return {
    holder: holder ? holder : null,
    renewedAt: renewTime === undefined ? null : new Date(String(renewTime)),
    durationSeconds: leaseDurationSeconds ?? 0,
    term: leaseTransitions ?? 0,
  };
}

/** Who answers for the cluster. */
export async function leaderOf(kube: Kube, found: Found): Promise<string> {
  const lease = await readLease(kube, found);
  if (lease?.holder) return lease.holder;
  throw new Failure(`nobody leads cluster ${found.spec.cluster} now; try again when its status shows a primary`);
}

/** Pods with an agent; those that only ask for backups have none. */
export async function listPods(kube: Kube, { namespace, spec }: Found): Promise<readonly PodSeen[]> {
  const labelSelector = `${CLUSTER_LABEL}=${spec.cluster},${COMPONENT_LABEL},${COMPONENT_LABEL}!=${COMPONENT_BACKUP}`;
  const { items } = await kube.ask(kube.core.listNamespacedPod({ namespace, labelSelector }));
  return items.map(seen).sort((a, b) => a.component.localeCompare(b.component) || a.name.localeCompare(b.name, 'en', { numeric: true }));
}

function seen(pod: V1Pod): PodSeen {
  const { metadata, spec, status } = pod;
  const statuses = status?.containerStatuses ?? [];
  const waiting = [...status?.initContainerStatuses ?? [], ...statuses].map(({ state }) => state?.waiting?.reason).find((reason) => reason !== undefined);
  return {
    name: metadata?.name ?? '',
    component: metadata?.labels?.[COMPONENT_LABEL] ?? '',
    instance: metadata?.labels?.[INSTANCE_LABEL] ?? null,
    node: spec?.nodeName ?? null,
    ready: status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false,
    terminating: metadata?.deletionTimestamp !== undefined,
    restarts: statuses.reduce((sum, { restartCount }) => sum + restartCount, 0),
    waiting: status?.phase === 'Running' ? null : waiting ?? status?.phase ?? null,
    // Beside it run PostgreSQL's exporter, pgBackRest's server: programs without an agent.
    container: spec?.containers[0]?.name ?? '',
    raw: pod,
  };
}

export async function hear(kube: Kube, { namespace }: Found, pods: readonly PodSeen[]): Promise<readonly Heard[]> {
  return Promise.all(pods.map(async (pod) => ({ pod, status: pod.waiting ?? await kube.status(namespace, pod.name) })));
}

export async function observe(kube: Kube, found: Found): Promise<Observation> {
  const [lease, pods] = await Promise.all([readLease(kube, found), listPods(kube, found)]);
  return { ...found, lease, heard: await hear(kube, found, pods) };
}

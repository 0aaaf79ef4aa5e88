/** The pods of the instances, or of another component, as the API server tells them, kept up to date by a watch that survives everything. */
import { createInterface } from 'node:readline';
import type { Kubectl } from './kubectl';
import { sleep } from './wait';
import { CLUSTER_LABEL, COMPONENT_INSTANCE, COMPONENT_LABEL, INSTANCE_LABEL, ROLE_LABEL } from '../../../src/contract';

export interface Pod {
  readonly name: string;
  readonly uid: string;
  readonly instance: string;
  readonly node: string | null;
  readonly ip: string | null;
  readonly role: string | null;
  readonly ready: boolean;
  readonly terminating: boolean;
  /** Its container has been started at least once. */
  readonly started: boolean;
  readonly restarts: number;
}

interface RawPod {
  readonly metadata: { readonly name: string; readonly uid: string; readonly labels?: Record<string, string>; readonly deletionTimestamp?: string };
  readonly spec: { readonly nodeName?: string };
  readonly status: {
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly { readonly name: string; readonly containerID?: string; readonly restartCount: number }[];
  };
}

const AGAIN_MS = 500;

export class PodWatch {
  #pods = new Map<string, Pod>();
  #listeners: ((pod: Pod) => void)[] = [];
  #watching: { kill(): void } | null = null;
  #closed = false;

  /** `container`: the one whose start and restarts count. */
  constructor(
    private readonly kubectl: Kubectl, private readonly cluster: string,
    private readonly component = COMPONENT_INSTANCE, private readonly container = 'postgres',
  ) {
    void this.#keep();
  }

  /** Not terminating ones before those that are. */
  get all(): readonly Pod[] {
    return [...this.#pods.values()].sort((a, b) => a.instance.localeCompare(b.instance) || Number(a.terminating) - Number(b.terminating));
  }

  of(instance: string): Pod | null {
    return this.all.find((pod) => pod.instance === instance) ?? null;
  }

  /** Called with every change of every pod. */
  onChange(listener: (pod: Pod) => void): void {
    this.#listeners.push(listener);
    for (const pod of this.all) listener(pod);
  }

  close(): void {
    this.#closed = true;
    this.#watching?.kill();
  }

  async #keep(): Promise<void> {
    while (!this.#closed) {
      try {
        await this.#listAndWatch();
      } catch {
        // The API server is away; what was known stays known.
      }
      await sleep(AGAIN_MS);
    }
  }

  async #listAndWatch(): Promise<void> {
    const path = `/api/v1/namespaces/${this.kubectl.namespace}/pods?labelSelector=${encodeURIComponent(`${CLUSTER_LABEL}=${this.cluster},${COMPONENT_LABEL}=${this.component}`)}`;
    const list = JSON.parse(await this.kubectl.run(['get', '--raw', path], { timeoutMs: 5_000 })) as { metadata: { resourceVersion: string }; items: RawPod[] };
    const there = new Set(list.items.map(({ metadata }) => metadata.uid));
    for (const uid of this.#pods.keys()) if (!there.has(uid)) this.#pods.delete(uid);
    for (const raw of list.items) this.#see(raw);
    if (this.#closed) return;
    const child = this.kubectl.start(['get', '--raw', `${path}&watch=1&timeoutSeconds=300&resourceVersion=${list.metadata.resourceVersion}`]);
    this.#watching = child;
    for await (const line of createInterface({ input: child.stdout! })) {
      const { type, object } = JSON.parse(line) as { type: string; object: RawPod };
      if (type === 'ERROR') break;
      if (type === 'DELETED') this.#pods.delete(object.metadata.uid);
      else this.#see(object);
    }
    child.kill();
  }

  #see(raw: RawPod): void {
    const container = raw.status.containerStatuses?.find(({ name }) => name === this.container);
    const pod: Pod = {
      name: raw.metadata.name,
      uid: raw.metadata.uid,
      instance: raw.metadata.labels?.[INSTANCE_LABEL] ?? '',
      node: raw.spec.nodeName ?? null,
      ip: raw.status.podIP ?? null,
      role: raw.metadata.labels?.[ROLE_LABEL] ?? null,
      ready: raw.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false,
      terminating: raw.metadata.deletionTimestamp !== undefined,
      started: container?.containerID !== undefined,
      restarts: container?.restartCount ?? 0,
    };
    this.#pods.set(pod.uid, pod);
    for (const listener of this.#listeners) listener(pod);
  }
}

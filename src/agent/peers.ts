/** The other instances: where they are by the API server's word, how they are by their own. */
import { z } from 'zod';
import { API_PORT } from '../contract/ports.js';
import type { ClusterSpec } from '../contract/spec.js';
import type { PeerAddress, PeerClient } from './api/types.js';
import { parseLsn } from './core/lsn.js';
import type { Milliseconds, Peer, Report } from './core/types.js';
import type { PodInfo, Pods } from './kube/types.js';
import type { Clock, Peers } from './ports.js';

/** An answer in a race; whoever needs longer is left out. */
const SURVEY_TIMEOUT: Milliseconds = 300;
const POLL_TIMEOUT: Milliseconds = 1_500;

const lsn = z.string().transform((text) => parseLsn(text));
const position = z.object({ timeline: z.number(), lsn, history: z.array(z.object({ timeline: z.number(), lsn })) });
/** What one agent tells another. Unknown fields are ignored (I42). */
const report = z.object({
  instance: z.string(),
  podUid: z.string(),
  bootId: z.string(),
  role: z.enum(['primary', 'standby', 'none']),
  systemId: z.string().nullable(),
  position: position.nullable(),
  wasPrimary: z.boolean(),
  streaming: z.boolean(),
  unfit: z.string().nullable(),
  // What a newer agent may call it, counts as not said.
  data: z.enum(['unknown', 'absent', 'incomplete', 'poisoned', 'unusable', 'present']).optional().catch(undefined),
}) satisfies z.ZodType<Report>;

export interface PeersContext {
  readonly instance: string;
  readonly namespace: string;
  readonly spec: () => ClusterSpec | null;
  readonly pods: Pods;
  readonly client: PeerClient;
  readonly clock: Clock;
}

export class PeerDirectory implements Peers {
  #pods: readonly PodInfo[] = [];
  #podsRead = false;
  #reports = new Map<string, { report: Report; at: Milliseconds }>();
  #changed: () => void = () => undefined;

  constructor(private readonly context: PeersContext) {}

  onChange(listener: () => void): void {
    this.#changed = listener;
  }

  /** All instance pods as last seen, this one's too. */
  get pods(): readonly PodInfo[] { return this.#pods; }

  get known(): readonly Peer[] {
    return this.#others().map((name) => {
      const heard = this.#reports.get(name);
      const pod = this.#podOf(name);
      return {
        instance: name,
        reachedAt: heard?.at ?? null,
        report: heard?.report ?? null,
        // Until the API server has been asked, nobody is known to leave.
        leaving: this.#podsRead && (pod === undefined || pod.terminating),
      };
    });
  }

  /** The address of an instance's pod; null while it has none. */
  ipOf(instance: string): string | null {
    return this.#podOf(instance)?.ip ?? null;
  }

  /** The DNS name that an instance's certificate carries. */
  hostOf(instance: string): string | null {
    const spec = this.context.spec();
    const pod = spec?.instances.find((i) => i.name === instance)?.pod ?? this.#podOf(instance)?.name;
    return pod === undefined ? null : `${pod}.${spec!.objects.instancesService}.${this.context.namespace}.svc`;
  }

  addressOf(instance: string): PeerAddress | null {
    const host = this.ipOf(instance);
    const serverName = this.hostOf(instance);
    return host === null || serverName === null ? null : { host, serverName, port: API_PORT };
  }

  async survey(): Promise<void> {
    await Promise.all([this.#refreshPodsWithin(SURVEY_TIMEOUT), ...this.#others().map((name) => this.#ask(name, SURVEY_TIMEOUT))]);
  }

  /** The everyday heartbeat. */
  async poll(): Promise<void> {
    await Promise.all(this.#others().map((name) => this.#ask(name, POLL_TIMEOUT)));
  }

  async refreshPods(): Promise<void> {
    const result = await this.context.pods.list();
    if (!result.ok) return;
    this.#pods = result.value;
    this.#podsRead = true;
    this.#changed();
  }

  /** Tells everybody that something changed here. Nothing depends on its arrival. */
  wakeAll(): void {
    for (const name of this.#others()) {
      const address = this.addressOf(name);
      if (address !== null) void this.context.client.wake(address, SURVEY_TIMEOUT);
    }
  }

  async #refreshPodsWithin(ms: Milliseconds): Promise<void> {
    await Promise.race([this.refreshPods(), this.context.clock.sleep(ms)]);
  }

  async #ask(instance: string, timeout: Milliseconds): Promise<void> {
    const address = this.addressOf(instance);
    const answer = address === null ? null : await this.context.client.status(address, timeout);
    const parsed = answer?.ok ? report.safeParse(answer.value) : null;
    if (parsed?.success && parsed.data.instance === instance) {
      this.#reports.set(instance, { report: parsed.data, at: this.context.clock.now() });
    } else {
      this.#reports.delete(instance);
    }
    this.#changed();
  }

  /** Those that the spec lists, and whoever else has a pod: an instance that was removed while it led is followed until it has handed over. */
  #others(): readonly string[] {
    const listed = (this.context.spec()?.instances ?? []).map((i) => i.name);
    const running = this.#pods.flatMap((pod) => pod.instance ?? []);
    return [...new Set([...listed, ...running])].filter((name) => name !== this.context.instance);
  }

  #podOf(instance: string): PodInfo | undefined {
    const mine = this.#pods.filter((pod) => pod.instance === instance);
    return mine.find((pod) => !pod.terminating) ?? mine[0];
  }
}

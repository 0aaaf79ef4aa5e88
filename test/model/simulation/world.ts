/** Three nodes, one cluster: the pods of its instances, what Kubernetes does with them, and everything between them. */
import type { Agent } from './agent.js';
import { ApiServer } from './api-server.js';
import { Container } from './container.js';
import { Machine } from './machine.js';
import { Network } from './network.js';
import { Oracle, THAW_WINDOW } from './oracle.js';
import { Scheduler } from './scheduler.js';
import type { Server } from './server.js';
import { Volume } from './volume.js';
import type { Data } from './wal.js';
import type { SpecView } from '../../../src/agent/core/types.js';
import type { PodInfo } from '../../../src/agent/kube/types.js';
import type { ClusterSpec } from '../../../src/contract/spec.js';
import { DEFAULT_TIMING, FAST_TIMING, FRUGAL_TIMING, type Timing } from '../../../src/contract/timing.js';
import { Random } from '../../random.js';

export const INSTANCES = ['a', 'b', 'c'] as const;

const PROFILES: readonly Timing[] = [FAST_TIMING, DEFAULT_TIMING, FRUGAL_TIMING];
const GRACE = 30_000;

export interface Pod {
  readonly instance: string;
  readonly uid: string;
  readonly ip: string;
  readonly machine: Machine;
  readonly volume: Volume;
  terminating: boolean;
  /** Its object is gone from the API server. */
  deleted: boolean;
  container: Container;
}

export interface WorldOptions {
  readonly seed: number;
  /** Called with every line of the timeline; without it none is made. */
  readonly tell?: (line: string) => void;
}

export class World {
  readonly scheduler = new Scheduler();
  readonly random: Random;
  readonly network: Network;
  readonly api: ApiServer;
  readonly oracle: Oracle;
  readonly spec: ClusterSpec;
  readonly machines: readonly Machine[];
  /** Every pod whose container lives, or whose object is there. */
  pods: Pod[] = [];
  /** Instances that are scaled to zero. */
  readonly stopped = new Set<string>();
  readonly decisions = new Map<string, number>();
  /** Where the cluster's first data comes from. */
  origin: SpecView['origin'] = 'initdb';
  #volumes = new Map<string, Volume>();
  /** Which timing each instance's agent has read; the spec's where it is not here. */
  readonly #timings = new Map<string, Timing>();
  #serial = 0;
  #lostReasons: string[] = [];

  constructor(private readonly options: WorldOptions) {
    this.random = new Random(options.seed);
    this.network = new Network(this.random);
    this.oracle = new Oracle(this);
    this.api = new ApiServer(() => this.#podInfos(), (text) => this.say('API', text));
    this.spec = specOf(this.random.chance(0.25) ? FAST_TIMING : DEFAULT_TIMING);
    this.machines = INSTANCES.map((name, i) => {
      const rate = this.random.chance(0.5) ? this.random.between(0.9, 1.1) : this.random.pick([0.9, 1.1]);
      return new Machine(this.scheduler, `node-${name}`, rate, -this.random.between(1_000, 1_000_000) * (i + 1));
    });
    for (const instance of INSTANCES) {
      this.#volumes.set(instance, new Volume());
      this.api.provision(instance);
    }
  }

  say(who: string, text: () => string): void {
    this.options.tell?.(`${this.scheduler.now.toFixed(1).padStart(10)}  ${who.padEnd(12)} ${text()}`);
  }

  decided(agent: Agent, what: string, reason: string, details?: object): void {
    this.decisions.set(what, (this.decisions.get(what) ?? 0) + 1);
    this.say(agent.bootId, () => {
      const shown = JSON.stringify(details ?? {}, (_, value: unknown) => (typeof value === 'bigint' ? Number(value) : value));
      return `${what}: ${reason}${shown === '{}' ? '' : ` ${shown}`}`;
    });
  }

  lost(server: Server, commits: number, by: string): void {
    this.#lostReasons.push(`${server.life}: ${commits} by ${by}`);
  }

  get lostReasons(): readonly string[] { return this.#lostReasons; }

  // ------------------------------------------------------------------------------------------------------ who is there

  /** The pod that an instance's name leads to. */
  podOf(instance: string): Pod | null {
    return this.pods.find((pod) => pod.instance === instance && !pod.deleted) ?? null;
  }

  agentAt(ip: string): Agent | null {
    return this.pods.find((pod) => pod.ip === ip)?.container.agent ?? null;
  }

  /** Whether that agent, or anything that it started, may still do something. */
  lives(bootId: string): boolean {
    return this.pods.some((pod) => pod.container.agent?.bootId === bootId);
  }

  serverOf(instance: string): Server | null {
    return this.podOf(instance)?.container.server ?? null;
  }

  thawedAt(server: Server): number {
    return Math.max(-Infinity, ...this.pods.filter((pod) => pod.container.server === server).map((pod) => pod.container.thawedAt));
  }

  /** Somebody else holds the Lease, and PID 1 is about to kill this server, whose container was continued a moment ago. */
  thawedTooLate(server: Server): boolean {
    const holder = this.api.lease?.holder ?? null;
    return this.scheduler.now - this.thawedAt(server) < THAW_WINDOW && holder !== null && holder.instance !== server.instance;
  }

  /** What lies on all volumes and has not been moved aside. */
  allData(): Data[] {
    return [...this.#volumes.values()].map((volume) => volume.data).filter((data) => data !== null);
  }

  timingOf(instance: string): Timing {
    return this.#timings.get(instance) ?? this.spec.timing;
  }

  /** Git names another timing, and the agents read it one after the other. */
  changeTiming(): void {
    const timing = this.random.pick(PROFILES);
    this.say('GIT', () => `leases of ${timing.leaseDuration} ms`);
    for (const instance of INSTANCES) this.scheduler.after(this.random.chance(0.3) ? 0 : this.random.between(0, 30_000), () => this.#timings.set(instance, timing));
  }

  volumeOf(instance: string): Volume {
    return this.#volumes.get(instance)!;
  }

  newSystemId(): string {
    return `system${++this.#serial}`;
  }

  /** The agent of `from` gives out WAL that nobody writes any more. */
  handsOver(to: Machine, from: string): boolean {
    const pod = this.podOf(from);
    if (pod === null || pod.container.agent?.process.running !== true) return false;
    return this.network.joined(to, pod.machine) && this.network.delivers(to.name, pod.machine.name) && pod.container.agent.postgres.view.postgres.kind === 'stopped';
  }

  // ----------------------------------------------------------------------------------------- what Kubernetes does with pods

  startPod(instance: string): void {
    if (this.stopped.has(instance) || this.podOf(instance) !== null) return;
    const machine = this.machines[INSTANCES.findIndex((name) => name === instance)]!;
    const uid = `${instance}${++this.#serial}`;
    const pod = { instance, uid, ip: `ip-${uid}`, machine, volume: this.volumeOf(instance), terminating: false, deleted: false } as Pod;
    this.pods.push(pod);
    pod.container = new Container(this, pod, 1);
    this.api.podsChanged();
  }

  deletePod(pod: Pod): void {
    if (pod.terminating || pod.deleted) return;
    pod.terminating = true;
    this.say('KUBE', () => `pod ${pod.uid} is deleted`);
    this.api.podsChanged();
    pod.container.terminate();
    this.scheduler.after(GRACE, () => pod.container.kill('its grace period is over'));
  }

  /** The object goes at once; the container lives on until the kubelet has ended it. */
  forceDeletePod(pod: Pod, untilSigterm: number, untilKill: number): void {
    if (pod.deleted) return;
    pod.terminating = true;
    pod.deleted = true;
    this.say('KUBE', () => `pod ${pod.uid} is force-deleted; its container lives on`);
    this.api.podsChanged();
    this.scheduler.after(untilSigterm, () => pod.container.terminate());
    this.scheduler.after(untilKill, () => pod.container.kill('force-deleted'));
    this.scheduler.after(this.random.between(200, 4_000), () => this.startPod(pod.instance));
  }

  containerEnded(pod: Pod): void {
    if (pod.deleted || pod.terminating) {
      this.pods = this.pods.filter((p) => p !== pod);
      if (!pod.deleted) this.scheduler.after(this.random.between(300, 3_000), () => this.startPod(pod.instance));
      this.api.podsChanged();
      return;
    }
    const number = ++this.#serial;
    this.scheduler.after(pod.container.restartsIn(), () => {
      if (!pod.deleted && !pod.terminating) pod.container = new Container(this, pod, number);
      else this.containerEnded(pod);
    });
  }

  replaceVolume(instance: string): void {
    this.#volumes.set(instance, new Volume());
    this.api.provision(instance);
  }

  // ------------------------------------------------------------------------------------------------------------- health

  /** One primary, and everybody else streams from it; null when so, otherwise what is missing. */
  unhealthy(): string | null {
    const { writers } = this.oracle;
    if (writers.size !== 1) return `${writers.size} instances take writes`;
    const [primary] = writers;
    const holder = this.api.lease?.holder ?? null;
    if (holder === null || holder.instance !== primary!.instance) return `the Lease is held by ${holder?.instance ?? 'nobody'}, and ${primary!.instance} takes writes`;
    for (const instance of INSTANCES) {
      const server = this.serverOf(instance);
      if (server === primary) continue;
      if (server === null || server.streaming.source !== primary) {
        const agent = this.podOf(instance)?.container.agent;
        return `${instance} does not stream from ${primary!.instance}; it says: ${agent?.loop.decision?.reason ?? 'nothing'}`;
      }
      if (server.data.branch !== primary!.data.branch) return `${instance} is still on timeline ${server.data.branch.timeline}`;
    }
    return null;
  }

  #podInfos(): readonly PodInfo[] {
    return this.pods.filter((pod) => !pod.deleted).map((pod) => ({
      name: `pod-${pod.instance}`, uid: pod.uid, instance: pod.instance, ip: pod.ip, nodeName: pod.machine.name,
      ready: true, terminating: pod.terminating, revision: null, role: null, terminations: [],
    }));
  }
}

function specOf(timing: Timing): ClusterSpec {
  const objects = { lease: 'lease', state: 'state', instancesService: 'instances' } as ClusterSpec['objects'];
  return {
    specVersion: 1, cluster: 'sim', postgresVersion: '17', objects,
    instances: INSTANCES.map((name) => ({ name, statefulSet: name, pod: `pod-${name}`, dataClaim: name, walVolume: false, tablespaces: [], retire: false })),
    parameters: {}, replication: { mode: 'asynchronous' }, routing: 'endpointSlice', databases: [], users: [], timing,
  };
}

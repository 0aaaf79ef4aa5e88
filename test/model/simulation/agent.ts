/** One life of the real agent, put together as the role `instance` does it, in a simulated world. */
import { ApiClient } from './api-client.js';
import type { Container } from './container.js';
import { SimulatedPostgres } from './local-postgres.js';
import { clockOf } from './machine.js';
import { Process } from './scheduler.js';
import type { World } from './world.js';
import type { PeerAddress, PeerClient, PeerResult } from '../../../src/agent/api/types.js';
import { KubeClusterStates } from '../../../src/agent/cluster-states.js';
import { LeaseKeeper } from '../../../src/agent/lease-keeper.js';
import { Loop } from '../../../src/agent/loop.js';
import { PeerDirectory } from '../../../src/agent/peers.js';
import type { Clock, Volumes } from '../../../src/agent/ports.js';
import { reportOf } from '../../../src/agent/status.js';

const HEARTBEAT = 1_000;
const PODS_POLL = 5_000;
const ROOMY: Volumes = { full: null, refresh: () => Promise.resolve() };

export class Agent {
  readonly process: Process;
  readonly bootId: string;
  readonly loop: Loop;
  readonly keeper: LeaseKeeper;
  readonly peers: PeerDirectory;
  readonly states: KubeClusterStates;
  readonly postgres: SimulatedPostgres;
  readonly #clock: Clock;
  readonly #api: ApiClient;
  readonly #over = new AbortController();
  #leads = false;

  constructor(private readonly world: World, private readonly container: Container, deadBootIds: readonly string[]) {
    const { instance, machine, pod } = container;
    this.bootId = container.life;
    this.process = new Process(world.scheduler, `agent ${this.bootId}`);
    this.#clock = clockOf(machine, this.process, (found) => world.oracle.violated(`busy loop: ${found.message}`));
    this.#api = new ApiClient({
      server: world.api, network: world.network, machine, process: this.process, random: world.random, requestTimeout: world.spec.timing.requestTimeout,
    });
    const me = { instance, podUid: pod.uid, bootId: this.bootId, kernelBootId: machine.kernelBootId };
    const clock = this.#clock;
    this.keeper = new LeaseKeeper(this.#api.lease, clock, me, () => this.loop.wake());
    this.peers = new PeerDirectory({ instance, namespace: 'ns', spec: () => world.spec, pods: this.#api.pods, client: this.#peerClient(), clock });
    this.states = new KubeClusterStates({ store: this.#api.state, claims: this.#api.claims, clock, dataClaim: () => ({ name: instance }) });
    this.postgres = new SimulatedPostgres(world, container, this.process, () => (this.states.view.kind === 'present' ? this.states.view.systemId : null));
    const view = () => ({ major: world.spec.postgresVersion, instances: world.spec.instances, timing: world.timingOf(instance), origin: world.origin });
    const journal = {
      decided: (what: string, reason: string, details?: object) => world.decided(this, what, reason, details),
      failed: (what: string, error: unknown) => world.say(this.bootId, () => `${what} failed: ${error instanceof Error ? error.message : String(error)}`),
    };
    this.loop = new Loop(
      { clock, lease: this.keeper, states: this.states, peers: this.peers, postgres: this.postgres, volumes: ROOMY, deadman: container.deadman, journal, spec: view },
      { ...me, deadBootIds },
      (snapshot) => {
        const leads = snapshot.postgres.kind === 'primary' && snapshot.lease.kind === 'mine';
        if (leads && !this.#leads) this.peers.wakeAll();
        this.#leads = leads;
      },
    );
  }

  start(): void {
    this.world.say(this.bootId, () => 'agent starts');
    void this.#run().catch((error: unknown) => {
      this.world.oracle.violated(`agent ${this.bootId} failed: ${error instanceof Error ? error.stack : String(error)}`);
    });
  }

  leave(): void {
    this.world.say(this.bootId, () => 'SIGTERM');
    this.loop.leave();
  }

  /** Killed. */
  end(): void {
    this.process.kill();
    this.#over.abort();
  }

  async #run(): Promise<void> {
    this.postgres.onChange(() => this.loop.wake());
    this.peers.onChange(() => this.loop.wake());
    void this.#api.lease.watch((reading) => { void this.keeper.noticed(reading).then(() => this.loop.wake()); }, this.#over.signal);
    void this.#api.pods.watch(() => { void this.peers.refreshPods(); }, this.#over.signal);
    void this.#every(PODS_POLL, () => this.peers.refreshPods());
    void this.#every(HEARTBEAT, () => this.peers.poll());
    await this.keeper.read();
    await this.loop.run();
    // What follows the end of the loop is the process's own end.
    this.world.scheduler.after(1, () => this.container.agentLeft(), this.container.guard);
    this.process.kill();
  }

  async #every(ms: number, work: () => Promise<void>): Promise<void> {
    while (!this.#over.signal.aborted) {
      await work();
      await this.#clock.sleep(ms, this.#over.signal);
    }
  }

  #peerClient(): PeerClient {
    const ask = <T>(address: PeerAddress, timeout: number, answer: (agent: Agent) => T): Promise<PeerResult<T>> => this.#ask(address, timeout, answer);
    return {
      setCertificates: () => undefined,
      status: (address, timeout) => ask(address, timeout, (agent) => {
        const { snapshot } = agent.loop;
        return snapshot === null ? { instance: agent.container.instance } : reportOf(snapshot);
      }),
      wake: (address, timeout) => ask(address, timeout, (agent) => agent.loop.wake()),
      wal: () => Promise.reject(new Error('the simulated PostgreSQL fetches the WAL itself')),
      close: () => undefined,
    };
  }

  #ask<T>(address: PeerAddress, timeout: number, answer: (agent: Agent) => T): Promise<PeerResult<T>> {
    const { world, process, container: { machine } } = this;
    const { network, scheduler } = world;
    return new Promise((resolve) => {
      const settle = (result: PeerResult<T>): void => {
        scheduler.cancel(silence);
        resolve(result);
      };
      const silence = scheduler.after(timeout / machine.rate, () => settle({ ok: false, kind: 'unreachable', message: 'no answer' }), process);
      const other = world.agentAt(address.host);
      if (other === null || !network.delivers(machine.name, other.container.machine.name)) return;
      scheduler.after(network.latency(), () => {
        const value = answer(other);
        if (network.delivers(other.container.machine.name, machine.name)) {
          scheduler.after(network.latency(), () => settle({ ok: true, value }), process);
        }
      }, other.process);
    });
  }
}

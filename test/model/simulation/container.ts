/** A container: PID 1 with its deadline, the agents that it starts one after the other, and the PostgreSQL of the present one (architecture.md 4). */
import { Agent } from './agent.js';
import type { Machine } from './machine.js';
import { Process, type Scheduled } from './scheduler.js';
import type { Server } from './server.js';
import { Tools } from './tools.js';
import type { Volume } from './volume.js';
import type { Pod, World } from './world.js';
import type { Deadman } from '../../../src/agent/ports.js';

/** A container that is killed may be restarted by the kubelet within this. */
const KUBELET_RESTARTS = [500, 10_000] as const;

export class Container {
  readonly guard: Process;
  agent: Agent | null = null;
  tools: Tools;
  server: Server | null = null;
  over = false;
  /** When it was continued after a freeze, in true time. */
  thawedAt = -Infinity;
  #frozen = false;
  #dead: string[] = [];
  #deadline: Scheduled | null = null;
  #terminating = false;
  #lives = 0;

  constructor(readonly world: World, readonly pod: Pod, private readonly number: number) {
    this.guard = new Process(world.scheduler, `guard of ${pod.uid}`);
    this.tools = new Tools(world, pod.volume, this.life, pod.machine);
    this.#startAgent();
  }

  get instance(): string { return this.pod.instance; }
  get machine(): Machine { return this.pod.machine; }
  get volume(): Volume { return this.pod.volume; }
  get frozen(): boolean { return this.#frozen; }
  /** Names one life of an agent in this container. */
  get life(): string { return `${this.pod.uid}.${this.number}.${this.#lives}`; }

  readonly deadman: Deadman = {
    arm: (at) => {
      if (this.#deadline !== null) this.world.scheduler.cancel(this.#deadline);
      this.#deadline = this.world.scheduler.after(this.machine.until(at) + this.world.random.between(0, 20), () => this.#deadlinePassed(), this.guard);
    },
    disarm: () => {
      if (this.#deadline !== null) this.world.scheduler.cancel(this.#deadline);
      this.#deadline = null;
    },
  };

  /** SIGTERM to PID 1, which passes it on. */
  terminate(): void {
    this.world.scheduler.after(this.world.random.between(1, 30), () => {
      this.#terminating = true;
      if (this.agent === null) this.kill('asked to stop while no agent ran');
      else this.agent.leave();
    }, this.guard);
  }

  /** The agent process is killed; PID 1 kills the rest and starts the next one. */
  killAgent(): void {
    this.world.scheduler.after(this.world.random.between(1, 15), () => this.#killEverything('the agent has died'), this.guard);
    this.agent?.process.kill();
  }

  /** Called by the agent when its loop has ended. */
  agentLeft(): void {
    this.#killEverything('the agent has left');
  }

  /** PID 1 is killed and with it everything: the end of the container. */
  kill(why: string): void {
    if (this.over) return;
    this.world.say(this.life, () => `container ends: ${why}`);
    this.over = true;
    this.deadman.disarm();
    this.#killProcesses();
    this.guard.kill();
    this.world.containerEnded(this.pod);
  }

  freeze(): void {
    if (this.#frozen || this.over) return;
    this.#frozen = true;
    this.guard.pause();
    this.agent?.process.pause();
    this.tools.process.pause();
    this.server?.pause();
  }

  thaw(): void {
    if (!this.#frozen || this.over) return;
    this.#frozen = false;
    this.thawedAt = this.world.scheduler.now;
    this.server?.continue();
    this.tools.process.continue();
    this.agent?.process.continue(this.world.random.between(0, 60));
    this.guard.continue(this.world.random.between(0, 60));
  }

  restartsIn(): number {
    return this.world.random.between(...KUBELET_RESTARTS);
  }

  #deadlinePassed(): void {
    this.#killEverything('its deadline has passed');
  }

  #killEverything(why: string): void {
    if (this.over || this.agent === null) return;
    this.world.say(this.life, () => `PID 1 kills everything: ${why}`);
    this.deadman.disarm();
    this.#killProcesses();
    if (this.#terminating) return this.kill('it was told to stop');
    this.world.scheduler.after(this.world.random.between(5, 1_000), () => this.#startAgent(), this.guard);
  }

  #killProcesses(): void {
    this.volume.leave(this);
    if (this.agent !== null) {
      this.#dead.push(this.agent.bootId);
      this.agent.end();
      this.agent = null;
    }
    this.server?.destroy();
    this.server = null;
    this.tools.destroy();
  }

  #startAgent(): void {
    this.#lives += 1;
    this.tools = new Tools(this.world, this.volume, this.life, this.machine);
    this.agent = new Agent(this.world, this, [...this.#dead]);
    if (this.#frozen) this.agent.process.pause();
    this.agent.start();
  }
}

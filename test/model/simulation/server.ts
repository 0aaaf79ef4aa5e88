/** One run of PostgreSQL on a data directory: starts, takes writes or streams, is promoted, stops in several ways. */
import type { Machine } from './machine.js';
import { Process } from './scheduler.js';
import { Streaming } from './streaming.js';
import type { Volume } from './volume.js';
import { branchFrom, type Data } from './wal.js';
import type { World } from './world.js';
import type { StopMode } from '../../../src/agent/core/types.js';

/** `remnant`: the postmaster is dead, a busy backend is not yet (I6). */
export type Phase = 'starting' | 'up' | 'stopping' | 'remnant' | 'gone';

/** wal_sender_timeout: how long a stop waits for a standby that does not confirm. */
const CONFIRMED_WITHIN = 5_000;

export class Server {
  readonly process: Process;
  readonly streaming: Streaming;
  phase: Phase = 'starting';
  role: 'primary' | 'standby';
  promoting = false;
  /** When its processes had gone. */
  endedAt = Infinity;
  #exitListener: () => void = () => undefined;

  constructor(
    readonly world: World, readonly instance: string, readonly machine: Machine, readonly volume: Volume, readonly data: Data,
    role: 'primary' | 'standby', readonly life: string,
  ) {
    this.role = role;
    this.process = new Process(world.scheduler, `postgres of ${life}`);
    this.streaming = new Streaming(this);
  }

  /** Takes client writes and acknowledges them at this moment. */
  get accepts(): boolean {
    return this.role === 'primary' && this.process.running && (this.phase === 'up' || this.phase === 'remnant');
  }

  /** The postmaster lives. */
  get running(): boolean { return this.phase !== 'gone' && this.phase !== 'remnant'; }

  onExit(listener: () => void): void {
    this.#exitListener = listener;
  }

  /** The caller holds the lock for it. */
  start(): void {
    const { world, data } = this;
    world.oracle.worksOn(this.volume, this.life);
    const recovery = data.clean ? world.random.between(50, 300) : world.random.between(100, 1_500);
    data.wasPrimary = this.role === 'primary';
    data.clean = false;
    data.fresh = false;
    this.#after(recovery, () => {
      if (this.phase !== 'starting') return;
      this.phase = 'up';
      world.say(this.life, () => `postgres is up as ${this.role} at ${data.branch.timeline}/${data.end}`);
      if (this.role === 'primary') this.#lead();
      else this.streaming.begin();
    });
  }

  /** `accepted` is called when it takes writes. */
  promote(timeline: number, accepted: () => void): void {
    if (this.promoting) return;
    this.promoting = true;
    this.streaming.disconnect();
    this.#after(this.world.random.between(30, 700), () => {
      if (this.phase !== 'up') return;
      this.role = 'primary';
      this.promoting = false;
      this.data.branch = branchFrom(this.data.branch, this.data.end, timeline);
      this.data.wasPrimary = true;
      this.world.oracle.promoted(this);
      this.#lead();
      accepted();
    });
  }

  stop(mode: StopMode): void {
    if (this.phase === 'gone') return;
    const { random, scheduler } = this.world;
    if (mode === 'kill') {
      scheduler.after(random.between(1, 20), () => this.#gone());
      return;
    }
    const shutdownOfPrimary = mode === 'fast' && this.accepts && this.phase === 'up';
    if (this.phase !== 'remnant') this.phase = 'stopping';
    this.world.oracle.look(this);
    if (mode === 'immediate' || !shutdownOfPrimary) {
      this.#after(random.between(10, 200), () => this.#end(mode === 'fast' && this.role === 'standby'));
      return;
    }
    this.#after(random.between(20, 500), () => {
      this.data.end += 1; // The shutdown checkpoint.
      this.#endWhenConfirmed(scheduler.now + CONFIRMED_WITHIN);
    });
  }

  /** The postmaster is killed; what a backend is doing goes on for `linger`. */
  crash(linger: number): void {
    if (this.phase !== 'up' && this.phase !== 'starting') return;
    this.promoting = false;
    // The last commit is often on its way to nobody yet.
    if (this.accepts && this.world.random.chance(0.5)) this.#commit();
    this.endedAt = this.world.scheduler.now;
    this.streaming.disconnect();
    if (linger === 0 || this.phase === 'starting') return this.#gone();
    this.phase = 'remnant';
    this.world.scheduler.after(linger, () => this.#gone());
    this.#exitListener();
  }

  /** Its container is gone, or PID 1 has killed everything in it. */
  destroy(): void {
    this.#exitListener = () => undefined;
    this.#gone();
  }

  pause(): void {
    this.process.pause();
    this.world.oracle.look(this);
  }

  continue(): void {
    this.process.continue();
    this.world.oracle.look(this);
  }

  #lead(): void {
    this.world.oracle.leads(this);
    this.world.oracle.look(this);
    this.#write();
  }

  #write(): void {
    this.#after(this.world.random.between(20, 250), () => {
      if (!this.accepts) return;
      this.#commit();
      this.#write();
    });
  }

  /** Acknowledged once it is on the own disk; who else has it shows later. */
  #commit(): void {
    this.data.end += this.world.random.integer(1, 500);
    this.world.oracle.acknowledged(this);
    this.streaming.push();
  }

  /** A fast stop sends everything to whoever listens before it ends. */
  #endWhenConfirmed(until: number): void {
    this.streaming.push();
    this.#after(15, () => {
      if (this.streaming.allConfirmed() || this.world.scheduler.now >= until) this.#end(true);
      else this.#endWhenConfirmed(until);
    });
  }

  #end(clean: boolean): void {
    if (this.phase === 'gone') return;
    this.data.clean = clean;
    this.#gone();
  }

  #gone(): void {
    if (this.phase === 'gone') return;
    const said = this.phase === 'remnant';
    this.phase = 'gone';
    this.endedAt = Math.min(this.endedAt, this.world.scheduler.now);
    this.promoting = false;
    this.world.oracle.look(this);
    this.streaming.end();
    this.process.kill();
    this.volume.unlock(this);
    if (!said) this.#exitListener();
  }

  #after(delay: number, run: () => void): void {
    this.world.scheduler.after(delay, run, this.process);
  }
}

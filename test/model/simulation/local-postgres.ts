/** The simulated PostgreSQL of one agent, seen and handled as `SupervisedPostgres` does it: with a view that is always a little old. */
import type { Container } from './container.js';
import type { Process } from './scheduler.js';
import { Server } from './server.js';
import { positionOf } from './wal.js';
import type { World } from './world.js';
import type { DataDirectory, Lsn, Postgres, StopMode } from '../../../src/agent/core/types.js';
import type { LocalPostgres, LocalView } from '../../../src/agent/ports.js';

/** A server that has not answered for this long is called unresponsive; before that its last answer stands. */
const SILENCE = 5_000;

export class SimulatedPostgres implements LocalPostgres {
  #view: LocalView = { data: { kind: 'unknown' }, postgres: { kind: 'stopped', lockFree: false } };
  #died: () => void = () => undefined;
  #changed: () => void = () => undefined;
  #refreshing: Promise<void> | null = null;
  #working = 0;
  #notStreamingSince: number | null = null;
  #silentSince: number | null = null;
  #stopping = false;
  #exited: () => void = () => undefined;

  constructor(private readonly world: World, private readonly container: Container, private readonly agent: Process, private readonly systemId: () => string | null) {}

  get view(): LocalView { return this.#view; }
  get server(): Server | null { return this.container.server; }

  onDeath(listener: () => void): void { this.#died = listener; }
  onChange(listener: () => void): void { this.#changed = listener; }

  refresh(): Promise<void> {
    this.#refreshing ??= this.#look().finally(() => { this.#refreshing = null; });
    return this.#refreshing;
  }

  startPrimary(): Promise<void> { return this.#start('primary', null); }
  startStandby(upstream: string | null): Promise<void> { return this.#start('standby', upstream); }

  async follow(upstream: string): Promise<void> {
    await this.#takes(5);
    this.#point(upstream);
    await this.#lookAgain();
  }

  async promote(timeline: number, signal: AbortSignal): Promise<void> {
    const { server } = this;
    if (server === null || server.phase !== 'up') throw new Error('there is no server to promote');
    await new Promise<void>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
      this.#exited = () => reject(new Error('PostgreSQL ended while it was being promoted'));
      server.promote(timeline, () => this.world.scheduler.after(10, resolve, this.agent));
    });
    await this.#lookAgain();
  }

  async stop(mode: StopMode): Promise<void> {
    const { server } = this;
    if (server !== null) {
      this.#stopping = true;
      if (mode !== 'kill') this.#view = { ...this.#view, postgres: { kind: 'stopping', as: this.#roleNow() } };
      server.stop(mode);
      while (server.phase !== 'gone') await this.#takes(10);
    }
    await this.#gone();
  }

  async initdb(): Promise<void> {
    if (this.container.volume.content.kind === 'present') throw new Error('there is data');
    await this.#work(() => this.container.tools.initdb());
  }

  async restore(): Promise<void> {
    if (this.container.volume.content.kind === 'present') throw new Error('there is data');
    await this.#work(() => this.container.tools.restore());
  }

  async clone(upstream: string, signal: AbortSignal): Promise<void> {
    const systemId = this.systemId();
    if (systemId === null) throw new Error('the system id is not known');
    await this.#work(() => this.container.tools.clone(upstream, systemId, signal));
  }

  async rewind(upstream: string, signal: AbortSignal): Promise<string | null> {
    const systemId = this.systemId();
    if (systemId === null) throw new Error('the system id is not known');
    return this.#work(() => this.container.tools.rewind(upstream, systemId, signal));
  }

  async setAside(): Promise<void> {
    await this.#work(async () => {
      await this.#takes(5);
      this.container.tools.moveAside();
    });
  }

  async fetchHandover(from: string, range: { timeline: number; start: Lsn; end: Lsn }, signal: AbortSignal): Promise<void> {
    const { server } = this;
    await this.#takes(this.world.random.between(10, 150));
    if (!this.world.handsOver(this.container.machine, from)) {
      this.world.oracle.handoverFailed.add(this.container.instance);
      throw new Error(`instance ${from} does not hand over its WAL`);
    }
    if (signal.aborted || server === null || server.phase !== 'up') throw new Error('nobody to replay it');
    if (server.data.branch.timeline === range.timeline) server.data.end = Math.max(server.data.end, Number(range.end));
    await this.#lookAgain();
  }

  async #start(role: 'primary' | 'standby', upstream: string | null): Promise<void> {
    const { container, world } = this;
    // Certificates, configuration: mostly at hand.
    await this.#takes(world.random.chance(0.05) ? world.random.between(10, 3_000) : 10);
    this.#view = { ...this.#view, postgres: { kind: 'starting', as: role } };
    await this.#takes(10);
    const { data } = container.volume;
    if (container.server !== null || data === null || (role === 'primary' && !data.wasPrimary)) {
      this.#view = { ...this.#view, postgres: { kind: 'stopped', lockFree: false } };
      throw new Error(`cannot start as ${role}: ${data === null ? 'no data' : 'it last ran as a standby'}`);
    }
    const server = new Server(world, container.instance, container.machine, container.volume, data, role, container.life);
    const locked = !container.volume.lock(server);
    if (locked) {
      // The spawned program finds the lock held and exits.
      world.scheduler.after(5, () => this.#ended(true), this.agent);
      return;
    }
    container.server = server;
    this.#stopping = false;
    server.onExit(() => {
      container.server = server.phase === 'gone' ? null : server;
      world.scheduler.after(world.random.between(1, 20), () => void this.#ended(false), this.agent);
    });
    this.#point(upstream);
    server.start();
  }

  #point(upstream: string | null): void {
    this.server?.streaming.follow(upstream);
    this.#notStreamingSince = this.container.machine.now();
  }

  #roleNow(): 'primary' | 'standby' {
    const { postgres } = this.#view;
    if (postgres.kind === 'primary') return 'primary';
    return postgres.kind === 'starting' || postgres.kind === 'stopping' || postgres.kind === 'unresponsive' ? postgres.as : 'standby';
  }

  async #ended(locked: boolean): Promise<void> {
    const asked = this.#stopping;
    this.#exited();
    this.#view = { data: { kind: 'unknown' }, postgres: { kind: 'stopped', lockFree: false } };
    if (locked || asked) return;
    this.#died();
    await this.#work(() => this.#ensureGone()).catch((error: unknown) => this.world.say(this.container.life, () => String(error)));
    this.#changed();
  }

  /** Kills what is left of the server; only then is it gone (I32). */
  async #ensureGone(): Promise<void> {
    const { server } = this;
    await this.#takes(this.world.random.between(5, 80));
    if (server !== null && server.phase === 'remnant') server.stop('kill');
    while (server !== null && server.phase !== 'gone') await this.#takes(10);
    if (this.container.server === server) this.container.server = null;
    if (this.container.volume.locked) throw new Error('another container runs PostgreSQL on this volume');
  }

  async #gone(): Promise<void> {
    await this.#ensureGone();
    this.#view = { data: { kind: 'unknown' }, postgres: { kind: 'stopped', lockFree: true } };
    await this.#lookAgain();
  }

  async #work<T>(work: () => Promise<T>): Promise<T> {
    this.#working += 1;
    try {
      return await work();
    } finally {
      this.#working -= 1;
      this.#view = { ...this.#view, data: { kind: 'unknown' } };
      await this.#lookAgain();
    }
  }

  async #lookAgain(): Promise<void> {
    await this.#refreshing;
    await this.refresh();
  }

  async #look(): Promise<void> {
    if (this.#working > 0 || !this.container.volume.enter(this.container)) return;
    const { server } = this;
    if (server === null || server.phase === 'gone') return this.#lookStopped();
    if (this.#stopping) return;
    const seen = this.#see(server);
    await this.#takes(this.world.random.between(0.5, 6));
    if (this.server === server && server.running && !this.#stopping) this.#view = { data: this.#view.data, postgres: seen };
  }

  #see(server: Server): Postgres {
    const now = this.container.machine.now();
    if (!server.process.running) {
      this.#silentSince ??= now;
      return now - this.#silentSince >= SILENCE ? { kind: 'unresponsive', as: server.role, since: this.#silentSince } : this.#view.postgres;
    }
    this.#silentSince = null;
    if (server.phase !== 'up') return { kind: 'starting', as: server.role };
    const { systemId } = server.data;
    const position = positionOf(server.data);
    if (server.role === 'primary') return { kind: 'primary', systemId, position };
    const { connected, upstream, walRemoved } = server.streaming;
    this.#notStreamingSince = connected ? null : this.#notStreamingSince ?? now;
    return { kind: 'standby', systemId, position, upstream, streaming: connected, notStreamingSince: this.#notStreamingSince, walRemoved };
  }

  async #lookStopped(): Promise<void> {
    const { postgres } = this.#view;
    await this.#takes(this.world.random.between(0.5, 5));
    const lockFree = postgres.kind === 'stopped' && postgres.lockFree ? true : !this.container.volume.locked;
    let { data } = this.#view;
    if (lockFree && data.kind === 'unknown') {
      data = this.#readData();
      await this.#takes(this.world.random.between(2, 40));
    }
    if (this.server === null && this.#view.postgres.kind === 'stopped') this.#view = { data, postgres: { kind: 'stopped', lockFree } };
  }

  #readData(): DataDirectory {
    const { content } = this.container.volume;
    if (content.kind === 'absent') return { kind: 'absent' };
    if (content.kind !== 'present') return { kind: content.kind, why: content.why };
    const { systemId, wasPrimary, fresh, incarnation } = content.data;
    return { kind: 'present', systemId, end: positionOf(content.data), wasPrimary, fresh, incarnation };
  }

  #takes(ms: number): Promise<void> {
    return new Promise((resolve) => { this.world.scheduler.after(ms, resolve, this.agent); });
  }
}

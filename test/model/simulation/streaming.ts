/** Streaming replication of one server: as a standby from its upstream, and to the standbys that are connected to it. */
import type { Server } from './server.js';
import { refusedStream, type Branch } from './wal.js';

/** wal_receiver_timeout */
const SILENCE = 5_000;
const RECONNECT = 400;
/** A walsender says something even when nothing is written. */
const KEEPALIVE = 1_000;

interface Link {
  readonly from: Server;
  readonly to: Server;
  heardAt: number;
  open: boolean;
}

export class Streaming {
  /** The instance that primary_conninfo names. */
  upstream: string | null = null;
  walRemoved = false;
  /** Its WAL receiver hangs. */
  held = false;
  #link: Link | null = null;
  #standbys = new Set<Link>();
  /** WAL before this is no longer kept for standbys. */
  keptFrom = 0;

  constructor(private readonly me: Server) {}

  get connected(): boolean { return this.#link !== null; }
  get source(): Server | null { return this.#link?.from ?? null; }

  begin(): void {
    this.#tick();
  }

  follow(upstream: string | null): void {
    this.disconnect();
    this.walRemoved = false;
    this.upstream = upstream;
  }

  disconnect(): void {
    if (this.#link === null) return;
    this.#link.open = false;
    this.#link.from.streaming.#standbys.delete(this.#link);
    this.#link = null;
  }

  /** This server is gone: whoever listened hears of it where the network lets the news through. */
  end(): void {
    this.disconnect();
    const { world, machine } = this.me;
    for (const link of this.#standbys) {
      if (!world.network.open(machine.name, link.to.machine.name)) continue;
      world.scheduler.after(world.network.latency(), () => { if (link.open) link.to.streaming.disconnect(); }, link.to.process);
    }
    this.#standbys.clear();
  }

  /** Sends what is new. */
  push(): void {
    for (const link of this.#standbys) this.#send(link);
  }

  allConfirmed(): boolean {
    return [...this.#standbys].every((link) => link.to.data.end >= this.me.data.end && link.to.data.branch === this.me.data.branch);
  }

  #tick(): void {
    const { world, phase, role, promoting, process } = this.me;
    if (phase !== 'up' || role !== 'standby' || promoting) return;
    if (this.#link !== null && world.scheduler.now - this.#link.heardAt > SILENCE) this.disconnect();
    if (this.#link === null && this.upstream !== null) this.#connect(this.upstream);
    world.scheduler.after(world.random.between(0.5, 1.5) * RECONNECT, () => this.#tick(), process);
  }

  #connect(upstream: string): void {
    const { world, machine, data } = this.me;
    const from = world.serverOf(upstream);
    if (from === null || from.phase !== 'up' || !from.process.running || !world.network.joined(machine, from.machine)) return;
    if (refusedStream(data, from.data) !== null) return;
    if (from.streaming.keptFrom > data.end) {
      this.walRemoved = true;
      return;
    }
    world.oracle.connects(this.me, from);
    const link: Link = { from, to: this.me, heardAt: world.scheduler.now, open: true };
    this.#link = link;
    this.walRemoved = false;
    from.streaming.#standbys.add(link);
    from.streaming.#keepAlive(link);
  }

  #keepAlive(link: Link): void {
    if (!link.open || this.me.phase === 'gone') return;
    this.#send(link);
    this.me.world.scheduler.after(KEEPALIVE, () => this.#keepAlive(link), this.me.process);
  }

  #send(link: Link): void {
    const { world, data, machine } = this.me;
    if (!world.network.open(machine.name, link.to.machine.name)) return;
    const { branch, end } = data;
    // What the walsender has not put on the wire yet dies with it.
    const leavesAt = world.scheduler.now + world.random.between(0.05, 5);
    world.scheduler.after(world.random.between(5, 15), () => link.to.streaming.#receive(link, branch, end, leavesAt), link.to.process);
  }

  #receive(link: Link, branch: Branch, end: number, leftAt: number): void {
    if (!link.open || this.#link !== link || this.me.phase !== 'up' || this.held || link.from.endedAt < leftAt) return;
    link.heardAt = this.me.world.scheduler.now;
    const { data } = this.me;
    if (branch === data.branch) {
      data.end = Math.max(data.end, end);
    } else if (branch.timeline > data.branch.timeline) {
      data.branch = branch;
      data.end = end;
    }
  }
}

/** Watches the whole world and knows what no agent can: whether a promise was broken. */
import type { Server } from './server.js';
import type { Volume } from './volume.js';
import { holdsAllOf, reaches, type Branch, type Data } from './wal.js';
import type { World } from './world.js';

/** After a thaw, until PID 1 of the container has seen its deadline and everything is dead. */
export const THAW_WINDOW = 200;

export interface Counts {
  promotions: number;
  initdbs: number;
  acknowledged: number;
  /** Acknowledged commits that a leader after an expired Lease did not have: the price of asynchronous replication. */
  lostByExpiry: number;
  /** Of a crash whose tail could not be handed over. */
  lostByCrash: number;
  /** Times, and milliseconds, in which a thawed container's PostgreSQL was caught alive beside its successor. */
  thawResidues: number;
  thawResidueMs: number;
  /** Acknowledged in such a time. */
  lostByThaw: number;
  asides: number;
  rewinds: number;
  clones: number;
  maxOutage: number;
}

export class Oracle {
  readonly violations: string[] = [];
  readonly counts: Counts = {
    promotions: 0, initdbs: 0, acknowledged: 0, lostByExpiry: 0, lostByCrash: 0, thawResidues: 0, thawResidueMs: 0, lostByThaw: 0, asides: 0, rewinds: 0, clones: 0, maxOutage: 0,
  };
  readonly #writers = new Set<Server>();
  readonly #systems = new Set<string>();
  readonly #branches = new Set<Branch>();
  /** Acknowledged positions that no leader has lost, by branch, rising. */
  readonly #acknowledged = new Map<Branch, number[]>();
  /** By instance: a handover to it has failed, so that what it lacks may be lost. */
  readonly handoverFailed = new Set<string>();
  /** By volume: the life of the agent whose programs worked on it last. */
  readonly #workers = new Map<Volume, string>();
  #residueSince: number | null = null;
  #lastWrite: number | null = null;

  constructor(private readonly world: World) {}

  get writers(): ReadonlySet<Server> { return this.#writers; }

  violated(what: string): void {
    this.violations.push(`${this.world.scheduler.now.toFixed(1)} ms: ${what}`);
    this.world.say('ORACLE', () => what);
  }

  /** Whether a server takes writes may have changed. */
  look(server: Server): void {
    if (server.accepts) this.#writers.add(server);
    else this.#writers.delete(server);
    this.#exclusive();
  }

  /** An agent believes what it has read of its data until it changes that itself: whoever worked there before must be dead (I37). */
  worksOn(volume: Volume, life: string): void {
    const before = this.#workers.get(volume);
    if (before !== undefined && before !== life && this.world.lives(before)) this.violated(`${life} works on the volume of ${before}, which still lives (I37)`);
    this.#workers.set(volume, life);
  }

  initialized(data: Data): void {
    this.counts.initdbs += 1;
    this.#branches.add(data.branch);
  }

  promoted(server: Server): void {
    this.counts.promotions += 1;
    const { branch } = server.data;
    this.world.say(server.life, () => `promoted to timeline ${branch.timeline} at ${branch.start}`);
    const twin = [...this.#branches].find((other) => other.timeline === branch.timeline && this.#acknowledged.has(other));
    if (twin !== undefined) this.violated(`timeline ${branch.timeline} was made twice: at ${twin.start} and, by ${server.life}, at ${branch.start} (I28)`);
    this.#branches.add(branch);
  }

  /** A server begins to take writes: what was acknowledged and is not in its history is lost from now on. */
  leads(server: Server): void {
    const { data } = server;
    this.#systems.add(data.systemId);
    if (this.#systems.size > 1) this.violated(`${server.life} leads a second system ${data.systemId}`);
    const lost: { branch: Branch; end: number }[] = [];
    for (const [branch, ends] of this.#acknowledged) {
      const limit = reaches(data.branch, data.end, branch);
      while (ends.length > 0 && ends.at(-1)! > limit) lost.push({ branch, end: ends.pop()! });
    }
    if (lost.length > 0) this.#account(server, lost);
  }

  acknowledged(server: Server): void {
    const { branch, end } = server.data;
    if (this.#writers.size > 1 || this.world.thawedTooLate(server)) {
      this.counts.lostByThaw += 1;
      return;
    }
    this.counts.acknowledged += 1;
    const ends = this.#acknowledged.get(branch);
    if (ends === undefined) this.#acknowledged.set(branch, [end]);
    else ends.push(end);
    const { now } = this.world.scheduler;
    if (this.#lastWrite !== null) this.counts.maxOutage = Math.max(this.counts.maxOutage, now - this.#lastWrite);
    this.#lastWrite = now;
  }

  /** Data is moved aside. Whoever leads must have all of it that has not been lost already. */
  aside(instance: string, data: Data): void {
    this.counts.asides += 1;
    const others = this.world.allData().filter((other) => other !== data);
    for (const [branch, ends] of this.#acknowledged) {
      const newest = ends.findLast((end) => end <= reaches(data.branch, data.end, branch));
      if (newest !== undefined && !others.some((other) => reaches(other.branch, other.end, branch) >= newest)) {
        return this.violated(`${instance} moves the last copy of ${branch.timeline}/${newest} aside`);
      }
    }
  }

  /** What a rewind throws away must have been lost before, and what it makes must hold all that is left. */
  rewound(data: Data, source: Data): void {
    this.counts.rewinds += 1;
    for (const [branch, ends] of this.#acknowledged) {
      const newest = ends.findLast((end) => end <= reaches(data.branch, data.end, branch));
      if (newest !== undefined && reaches(source.branch, source.end, branch) < newest) {
        return this.violated(`a rewind throws ${branch.timeline}/${newest} away, which nobody has lost yet`);
      }
    }
  }

  /** PostgreSQL has let a standby connect; is its WAL truly a part of the upstream's? */
  connects(standby: Server, upstream: Server): void {
    if (!holdsAllOf(upstream.data, standby.data)) {
      this.violated(`${standby.life} streams from ${upstream.life}, but its WAL ${standby.data.branch.timeline}/${standby.data.end} is not in that server's: silent corruption`);
    }
  }

  #account(server: Server, lost: readonly { branch: Branch; end: number }[]): void {
    const inherited = this.world.api.lease?.leader.inherited ?? null;
    const covered = inherited === null ? [] : lost.filter((l) => l.branch.timeline === inherited.timeline && l.end <= Number(inherited.lsn));
    this.world.say('ORACLE', () => `${lost.length} acknowledged commits are lost by the leadership of ${server.life}`);
    if (covered.length === 0) {
      this.counts.lostByExpiry += lost.length;
      this.world.lost(server, lost.length, 'expiry');
    } else if (inherited!.kind === 'crashed' && this.handoverFailed.has(server.instance)) {
      this.counts.lostByCrash += lost.length;
      this.world.lost(server, lost.length, 'crash');
    } else {
      this.violated(`${server.life} leads without ${covered.length} commits that the release (${inherited!.kind}) of ${inherited!.from} covers`);
    }
  }

  #exclusive(): void {
    const { now } = this.world.scheduler;
    if (this.#writers.size < 2) {
      if (this.#residueSince !== null) {
        this.counts.thawResidueMs += now - this.#residueSince;
        if (now - this.#residueSince > THAW_WINDOW) this.violated(`a thawed PostgreSQL took writes for ${now - this.#residueSince} ms beside another`);
      }
      this.#residueSince = null;
      return;
    }
    const fresh = [...this.#writers].filter((server) => now - this.world.thawedAt(server) > THAW_WINDOW);
    if (fresh.length > 1) {
      this.violated(`${[...this.#writers].map((w) => w.life).join(' and ')} take writes at the same time (I1)`);
    } else if (this.#residueSince === null) {
      this.#residueSince = now;
      this.counts.thawResidues += 1;
      this.world.scheduler.after(THAW_WINDOW + 1, () => this.#exclusive());
    }
  }
}

/** The programs that work on a data directory while no server runs: initdb, pgbackrest restore, pg_basebackup, pg_rewind. Killed midway they leave what they leave. */
import { Process } from './scheduler.js';
import type { Server } from './server.js';
import type { Volume } from './volume.js';
import { branchFrom, firstBranch, type Branch, type Data } from './wal.js';
import type { World } from './world.js';

/** What the restored cluster's source had come to; every restore of it leaves it at the same place. */
const SOURCE = { systemId: 'source', branch: firstBranch(), end: 1_000 };

/** How long a program waits for a peer that went silent before its connection breaks. */
const CONNECTION_TIMEOUT = 20_000;

export class Tools {
  readonly process: Process;

  constructor(private readonly world: World, private readonly volume: Volume, private readonly life: string, private readonly machine: Server['machine']) {
    this.process = new Process(world.scheduler, `programs of ${life}`);
  }

  /** Everything in the container was killed. */
  destroy(): void {
    this.process.kill();
    this.volume.unlock(this);
  }

  initdb(): Promise<void> {
    return this.#make('initdb', this.world.random.between(200, 2_500), () => ({ systemId: this.world.newSystemId(), branch: firstBranch(), end: 1 }));
  }

  /** Each makes a timeline of its own, and all of them call it by the same number. */
  restore(): Promise<void> {
    const { systemId, branch, end } = SOURCE;
    return this.#make('restore', this.world.random.between(500, 8_000), () => ({ systemId, branch: branchFrom(branch, end, 2), end: end + 1 }));
  }

  #make(what: string, duration: number, made: () => { systemId: string; branch: Branch; end: number }): Promise<void> {
    this.world.oracle.worksOn(this.volume, this.life);
    this.volume.content = { kind: 'incomplete', why: `${what} did not finish` };
    return this.#work(duration, () => {
      const data: Data = { ...made(), wasPrimary: true, clean: true, fresh: true, incarnation: this.life };
      this.world.oracle.initialized(data);
      this.volume.content = { kind: 'present', data };
    });
  }

  /** What is there is moved aside first, but only after the source has answered (I18, I19). */
  async clone(upstream: string, systemId: string, signal: AbortSignal): Promise<void> {
    const source = await this.#source(upstream, signal);
    if (source.data.systemId !== systemId) throw new Error('the upstream is of another system');
    this.moveAside();
    this.volume.content = { kind: 'incomplete', why: 'a clone did not finish' };
    const from = { branch: source.data.branch, end: source.data.end };
    await this.#transfer(source, this.world.random.between(500, 4_000), signal);
    this.world.oracle.counts.clones += 1;
    const { branch, end } = source.data.branch === from.branch ? source.data : from;
    this.volume.content = { kind: 'present', data: { systemId, branch, end, wasPrimary: false, clean: true, fresh: false, incarnation: this.life } };
  }

  /** Resolves to why it cannot work. */
  async rewind(upstream: string, systemId: string, signal: AbortSignal): Promise<string | null> {
    const source = await this.#source(upstream, signal);
    if (source.role !== 'primary') throw new Error('the upstream is no primary');
    const { content } = this.volume;
    const data = content.kind === 'present' || content.kind === 'poisoned' ? content.data : null;
    if (data === null || data.systemId !== systemId) return 'there is nothing to rewind';
    this.world.oracle.worksOn(this.volume, this.life);
    // pg_rewind compares timeline numbers and, where they are equal, has nothing to do.
    if (data.branch.timeline === source.data.branch.timeline) {
      data.wasPrimary = false;
      return null;
    }
    if (this.volume.locked) throw new Error('the lock is held');
    if (this.world.random.chance(0.1)) return 'WAL since the last common checkpoint is gone';
    this.volume.content = { kind: 'poisoned', why: 'pg_rewind did not finish', data };
    await this.#transfer(source, this.world.random.between(300, 2_500), signal);
    this.world.oracle.rewound(data, source.data);
    this.volume.content = { kind: 'present', data: { ...source.data, wasPrimary: false, clean: true, fresh: false, incarnation: data.incarnation } };
    return null;
  }

  moveAside(): void {
    if (this.volume.locked) throw new Error('PostgreSQL still runs on it: it cannot be moved aside');
    this.world.oracle.worksOn(this.volume, this.life);
    const { content } = this.volume;
    if (content.kind === 'present' || content.kind === 'poisoned') {
      this.world.oracle.aside(this.life, content.data);
      this.volume.aside = content.data;
    }
    this.volume.content = { kind: 'absent' };
  }

  /** The server that can be connected to, after the time that it takes to find out. */
  async #source(upstream: string, signal: AbortSignal): Promise<Server> {
    await this.#work(this.world.random.between(5, 50), () => undefined, signal);
    const source = this.world.serverOf(upstream);
    if (source === null || !this.world.network.joined(this.machine, source.machine)) await this.#work(3_000, () => undefined, signal);
    if (source === null || source.phase !== 'up' || !source.process.running) throw new Error(`${upstream} does not take connections`);
    if (!this.world.network.joined(this.machine, source.machine)) throw new Error(`${upstream} cannot be reached`);
    return source;
  }

  /** Under the lock, in steps: it breaks off when the source ends, and hangs while it is silent. */
  async #transfer(source: Server, duration: number, signal: AbortSignal): Promise<void> {
    if (!this.volume.lock(this)) throw new Error('the lock is held');
    try {
      let silentFor = 0;
      for (let left = duration; left > 0;) {
        const step = Math.min(left, 250);
        await this.#work(step, () => undefined, signal);
        if (source.phase === 'gone' || source.phase === 'stopping') throw new Error('the source has ended');
        const flows = source.process.running && this.world.network.joined(this.machine, source.machine);
        silentFor = flows ? 0 : silentFor + step;
        if (silentFor > CONNECTION_TIMEOUT) throw new Error('the connection broke');
        if (flows) left -= step;
      }
    } finally {
      this.volume.unlock(this);
    }
  }

  #work<T>(duration: number, work: () => T, signal?: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(new Error('aborted'));
      const done = this.world.scheduler.after(duration, () => {
        signal?.removeEventListener('abort', abort);
        resolve(work());
      }, this.process);
      const abort = (): void => {
        this.world.scheduler.cancel(done);
        reject(new Error('aborted'));
      };
      signal?.addEventListener('abort', abort, { once: true });
    });
  }
}

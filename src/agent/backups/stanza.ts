/** The stanza: made in every repo, checked to be whole from PostgreSQL to repo, and asked what it holds. Where the backups are made. */
import type { PgBackRest, StanzaInfo } from './pgbackrest.js';
import type { BackupsStatus, BackupStatus } from '../../contract/status.js';
import type { Duty } from '../duties/duty.js';
import { messageOf } from '../files.js';
import type { Clock } from '../ports.js';

const INFO_EVERY = 60_000;
const CHECK_EVERY = 3_600_000;
/** It costs a segment of log each time, and there may be little room for those where the archive takes none. */
const CHECK_FAILED_EVERY = 300_000;
/** So long somebody waits who needs it: with a new cluster it comes after the primary, and after each instance that is silent. */
const WAITED_FOR = 180_000;
const LOOK_EVERY = 1_000;

export interface StanzaContext {
  /** null while there is nothing to do here: no configuration yet, or another makes the backups. */
  readonly pgBackRest: () => PgBackRest | null;
  /** Ends what is asked just now. */
  readonly signal: () => AbortSignal;
  readonly clock: Clock;
}

/** What is done with it now; one thing at a time. */
type Doing = 'made' | 'checked' | 'used';

export class StanzaKeeper implements Duty {
  readonly name = 'Stanza';
  readonly every = 10_000;
  #created = false;
  /** Why it could not be created last. */
  #why: string | null = null;
  #doing: Doing | null = null;
  #checkAt = -Infinity;
  /** What the last check found wrong. */
  #fault: Error | null = null;
  #askedAt = -Infinity;
  #info: StanzaInfo | null = null;

  constructor(private readonly context: StanzaContext) {}

  /** As last asked; null before. */
  get info(): StanzaInfo | null { return this.#info; }

  /** The configuration is another one, so what was true of the old one must be seen again. */
  configurationChanged(): void {
    this.#created = false;
    this.#checkAt = -Infinity;
    this.#askedAt = -Infinity;
  }

  /** There may be news of the repos. */
  askAgain(): void {
    this.#askedAt = -Infinity;
  }

  async run(): Promise<void> {
    const pgBackRest = this.context.pgBackRest();
    if (pgBackRest === null) return;
    const signal = this.context.signal();
    if (!this.#created && this.#doing === null) await this.#create(pgBackRest, signal);
    const now = this.context.clock.now();
    if (now - this.#askedAt >= INFO_EVERY) {
      this.#info = await pgBackRest.info({ signal });
      this.#askedAt = now;
    }
    if (now >= this.#checkAt && this.#doing === null) {
      // Switches a segment and waits for it in every repo.
      this.#fault = await this.#alone('checked', () => pgBackRest.command('check', [], { signal })).then(() => null, (error: Error) => error);
      this.#checkAt = now + (this.#fault === null ? CHECK_EVERY : CHECK_FAILED_EVERY);
      this.#askedAt = -Infinity;
    }
    if (this.#fault !== null) throw this.#fault;
    const troubles = (this.#info?.repos ?? []).flatMap(({ repo, trouble }) => trouble === null ? [] : [`repo ${repo}: ${trouble}`]);
    if (troubles.length > 0) throw new Error(troubles.join('; '));
  }

  /**
   * Does the work that needs the stanza in that repo, once it is there: in a new cluster, or with a new repo, it is still being made. That another repo
   * has trouble is no reason to wait. Rejects when it does not come.
   */
  async using<T>(repo: number, signal: AbortSignal, tell: (line: string) => void, work: () => Promise<T>): Promise<T> {
    const { clock } = this.context;
    const end = clock.now() + WAITED_FOR;
    let told: string | null = null;
    for (;;) {
      const lacks = await this.#lacks(repo, signal);
      if (!lacks && this.#doing === null) return this.#alone('used', work);
      signal.throwIfAborted();
      const why = this.#why === null ? '' : `; so far it could not be: ${this.#why}`;
      if (lacks && clock.now() >= end) {
        throw new Error(`repo ${repo} has no stanza, without which it takes no backup; waited ${WAITED_FOR / 1000} s for it to be made${why}. `
          + `Look for the problem ${this.name} in the status of the cluster (kubectl postgres status)`);
      }
      const line = `waiting for the stanza in repo ${repo} to be ${this.#doing ?? 'made'}${why}`;
      if (line !== told) tell(line);
      told = line;
      await clock.sleep(LOOK_EVERY, signal);
    }
  }

  async #lacks(repo: number, signal: AbortSignal): Promise<boolean> {
    return !this.#created && (await this.context.pgBackRest()?.lacksStanza(repo, { signal }) ?? true);
  }

  /** Idempotent; it fails for a repo that holds the archive of another system (another cluster of that name). */
  async #create(pgBackRest: PgBackRest, signal: AbortSignal): Promise<void> {
    try {
      await this.#alone('made', () => pgBackRest.command('stanza-create', [], { signal }));
      this.#created = true;
      this.#why = null;
    } catch (error) {
      this.#why = messageOf(error);
      throw error;
    }
  }

  /** stanza-create and a backup take the same lock of pgBackRest; and the expiry that ends a backup may remove the very segment that a check waits for. */
  async #alone<T>(doing: Doing, work: () => Promise<T>): Promise<T> {
    this.#doing = doing;
    try {
      return await work();
    } finally {
      this.#doing = null;
    }
  }

  /** For /status: the last backup of each kind in each repo, and how far the archive reaches. */
  status(): BackupsStatus {
    const latest = new Map<string, BackupStatus>();
    for (const { repo, type, label, stopped, size, added } of this.#info?.backups ?? []) {
      latest.set(`${repo} ${type}`, { repo, type, label, stoppedAt: new Date(stopped * 1000).toISOString(), size, added });
    }
    return { stanza: this.#created ? 'created' : 'pending', backups: [...latest.values()], archives: this.#info?.archives ?? [] };
  }
}

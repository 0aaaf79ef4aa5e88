/** The stanza: made in every repo, checked to be whole from PostgreSQL to repo, and asked what it holds. Where the backups are made. */
import type { PgBackRest, StanzaInfo } from './pgbackrest.js';
import type { BackupsStatus, BackupStatus } from '../../contract/status.js';
import type { Duty } from '../duties/duty.js';
import type { Clock } from '../ports.js';

const INFO_EVERY = 60_000;
const CHECK_EVERY = 3_600_000;
/** It costs a segment of log each time, and there may be little room for those where the archive takes none. */
const CHECK_FAILED_EVERY = 300_000;

export interface StanzaContext {
  /** null while there is nothing to do here: no configuration yet, or another makes the backups. */
  readonly pgBackRest: () => PgBackRest | null;
  /** Ends what is asked just now. */
  readonly signal: () => AbortSignal;
  readonly clock: Clock;
}

export class StanzaKeeper implements Duty {
  readonly name = 'Stanza';
  readonly every = 10_000;
  #created = false;
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
    if (!this.#created) {
      // Idempotent; it fails for a repo that holds the archive of another system (another cluster of that name).
      await pgBackRest.command('stanza-create', [], { signal });
      this.#created = true;
    }
    const now = this.context.clock.now();
    if (now - this.#askedAt >= INFO_EVERY) {
      this.#info = await pgBackRest.info({ signal });
      this.#askedAt = now;
    }
    if (now >= this.#checkAt) {
      // Switches a segment and waits for it in every repo.
      this.#fault = await pgBackRest.command('check', [], { signal }).then(() => null, (error: Error) => error);
      this.#checkAt = now + (this.#fault === null ? CHECK_EVERY : CHECK_FAILED_EVERY);
      this.#askedAt = -Infinity;
    }
    if (this.#fault !== null) throw this.#fault;
    const troubles = (this.#info?.repos ?? []).flatMap(({ repo, trouble }) => trouble === null ? [] : [`repo ${repo}: ${trouble}`]);
    if (troubles.length > 0) throw new Error(troubles.join('; '));
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

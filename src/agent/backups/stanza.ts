/** The stanza: made in every repo, checked to be whole from PostgreSQL to repo, and asked what it holds. Where the backups are made. */
import type { PgBackRest, StanzaInfo } from './pgbackrest.js';
import type { BackupsStatus, BackupStatus } from '../../contract/status.js';
import type { Duty } from '../duties/duty.js';
import type { Clock } from '../ports.js';

const INFO_EVERY = 60_000;
const CHECK_EVERY = 3_600_000;

export interface StanzaContext {
  /** null while there is nothing to do here: no configuration yet, or another makes the backups. */
  readonly pgBackRest: () => PgBackRest | null;
  readonly clock: Clock;
}

export class StanzaKeeper implements Duty {
  readonly name = 'Stanza';
  readonly every = 10_000;
  #created = false;
  #checkedAt = -Infinity;
  #askedAt = -Infinity;
  #info: StanzaInfo | null = null;

  constructor(private readonly context: StanzaContext) {}

  /** As last asked; null before. */
  get info(): StanzaInfo | null { return this.#info; }

  /** The configuration is another one, so what was true of the old one must be seen again. */
  configurationChanged(): void {
    this.#created = false;
    this.#checkedAt = -Infinity;
    this.#askedAt = -Infinity;
  }

  /** There may be news of the repos. */
  askAgain(): void {
    this.#askedAt = -Infinity;
  }

  async run(): Promise<void> {
    const pgBackRest = this.context.pgBackRest();
    if (pgBackRest === null) return;
    if (!this.#created) {
      // Idempotent; it fails for a repo that holds the archive of another system (another cluster of that name).
      await pgBackRest.command('stanza-create', []);
      this.#created = true;
    }
    const now = this.context.clock.now();
    if (now - this.#askedAt >= INFO_EVERY) {
      this.#info = await pgBackRest.info();
      this.#askedAt = now;
    }
    if (now - this.#checkedAt >= CHECK_EVERY) {
      // Switches a segment and waits for it in every repo.
      await pgBackRest.command('check', []);
      this.#checkedAt = now;
      this.#askedAt = -Infinity;
    }
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

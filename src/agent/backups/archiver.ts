/** How the primary's archiver fares: what it archived last, what waits, and since when it fails. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errorsIn, isPgBackRestError } from './pgbackrest.js';
import type { ArchiverStatus } from '../../contract/status.js';
import type { Duty } from '../duties/duty.js';
import { walDirectory } from '../postgres/history.js';
import { withLocal } from '../postgres/local.js';
import type { PostgresPaths } from '../postgres/types.js';

const QUESTION = `
SELECT last_archived_wal AS "lastArchived", extract(epoch FROM now() - last_archived_time)::float8 AS "lastArchivedAge", last_failed_wal AS "lastFailed",
  last_failed_time IS NOT NULL AND (last_archived_time IS NULL OR last_failed_time > last_archived_time) AS "failed"
FROM pg_stat_archiver`;

export interface ArchiverContext {
  readonly paths: PostgresPaths;
  /** Primary, with the Lease. */
  readonly leads: () => boolean;
}

export class ArchiverWatch implements Duty {
  readonly name = 'Archiving';
  readonly every = 5_000;
  #view: ArchiverStatus | null = null;
  /** What pgBackRest said last when it failed. */
  #lastError: string | null = null;

  constructor(private readonly context: ArchiverContext) {}

  /** null where nothing is archived: on a standby. */
  get view(): ArchiverStatus | null { return this.#view; }
  get failing(): boolean { return this.#view?.failing ?? false; }

  /** The server's log has what its archive_command said. */
  noteLogLine(line: string): void {
    if (isPgBackRestError(line)) this.#lastError = errorsIn(line);
  }

  async run(): Promise<void> {
    // What was seen before says nothing of now, should this look fail.
    this.#view = null;
    if (!this.context.leads()) return;
    this.#view = await this.#look();
    if (!this.#view.failing) {
      this.#lastError = null;
      return;
    }
    // Without numbers that change: each new text would be a new event.
    const why = this.#lastError === null ? '' : `. ${this.#lastError}`;
    throw new Error(`the write-ahead log cannot be archived; it waits on its volume, and writes go on until that is full${why}`);
  }

  async #look(): Promise<ArchiverStatus> {
    const { paths } = this.context;
    const waiting = (await readdir(join(walDirectory(paths), 'archive_status'))).filter((name) => name.endsWith('.ready')).length;
    const [row] = await withLocal(paths, 'postgres', async (client) => (await client.query<Omit<ArchiverStatus, 'waiting' | 'failing'> & { failed: boolean }>(QUESTION)).rows);
    const { lastArchived, lastArchivedAge, lastFailed, failed } = row!;
    return { lastArchived, lastArchivedAge, lastFailed, waiting, failing: failed && waiting > 0 };
  }
}

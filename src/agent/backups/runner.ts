/** Makes backups, one at a time, wherever they are made: on the repo host, or in the leader where there is none. */
import type { Logger } from 'pino';
import type { PgBackRest } from './pgbackrest.js';
import type { StanzaKeeper } from './stanza.js';
import type { BackupType } from '../../contract/spec.js';
import type { WorkEnd } from '../api/long-answer.js';
import { messageOf } from '../files.js';
import type { Events } from '../kube/types.js';
import type { ProblemBoard } from '../problems.js';

export interface BackupRequest {
  readonly type: BackupType;
  readonly repo: number;
}

export interface BackupRunnerContext {
  readonly pgBackRest: () => PgBackRest;
  readonly stanza: Pick<StanzaKeeper, 'using'>;
  readonly log: Logger;
  readonly events: Events;
  readonly problems: ProblemBoard;
  /** A backup has ended: there is news of the repos. */
  readonly ended: () => void;
}

export class BackupRunner {
  #last: Promise<unknown> = Promise.resolve();
  #running: (BackupRequest & { readonly since: string }) | null = null;
  /** Codes of the problems that it has told. */
  readonly #told = new Set<string>();

  constructor(private readonly context: BackupRunnerContext) {}

  get running(): (BackupRequest & { readonly since: string }) | null { return this.#running; }

  /** It makes no backups any more: whoever does tells how they go. */
  forget(): void {
    for (const code of this.#told) this.context.problems.set(code, null);
    this.#told.clear();
  }

  /** Waits for its turn, and tells each line of pgBackRest's log. Never rejects. */
  backup(request: BackupRequest, signal: AbortSignal, onLine: (line: string) => void): Promise<WorkEnd> {
    if (this.#running !== null) onLine(`waiting for the ${this.#running.type} backup to repo ${this.#running.repo} that began ${this.#running.since}`);
    const turn = this.#last.then(() => this.#run(request, signal, onLine));
    this.#last = turn;
    return turn;
  }

  async #run(request: BackupRequest, signal: AbortSignal, onLine: (line: string) => void): Promise<WorkEnd> {
    const { pgBackRest, stanza, log, events, problems, ended } = this.context;
    const what = `${request.type} backup to repo ${request.repo}`;
    this.#running = { ...request, since: new Date().toISOString() };
    log.info(request, 'backup begins');
    const waits = (line: string) => {
      log.info(request, line);
      onLine(line);
    };
    try {
      await stanza.using(request.repo, signal, waits, () => pgBackRest().backup(request.type, request.repo, {
        signal,
        onLine: (line) => {
          log.info({ ...request, pgbackrest: line }, 'backup');
          onLine(line);
        },
      }));
      events.tell('Normal', 'BackupCompleted', `${what} at ${new Date().toISOString()}`);
      problems.set(problemOf(request), null);
      return { ok: true };
    } catch (error) {
      // Who gave it up knows.
      if (!signal.aborted) {
        this.#told.add(problemOf(request));
        problems.set(problemOf(request), `${what} failed: ${messageOf(error)}`);
      }
      return { ok: false, message: messageOf(error) };
    } finally {
      this.#running = null;
      ended();
    }
  }
}

/** Over with the next success of the same repo, or when somebody else makes the backups. */
function problemOf({ repo }: BackupRequest): string {
  return `BackupFailedRepo${repo}`;
}

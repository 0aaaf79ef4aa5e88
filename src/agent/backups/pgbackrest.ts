/** Runs pgBackRest on the cluster's stanza, and understands what it says. */
import { informationIn, STATUS, type Information } from './info.js';
import type { BackupType } from '../../contract/spec.js';
import { run } from '../postgres/run.js';

export interface PgBackRestOptions {
  readonly signal?: AbortSignal;
  /** Each line of its log as it comes. */
  readonly onLine?: (line: string) => void;
}

/** A backup that can be restored. */
export interface BackupInfo {
  readonly repo: number;
  readonly type: BackupType;
  readonly label: string;
  /** Seconds since 1970. */
  readonly stopped: number;
  /** Bytes in the database, and added to the repo. */
  readonly size: number;
  readonly added: number;
}

export interface ArchiveInfo {
  readonly repo: number;
  /** First and last segment. */
  readonly min: string | null;
  readonly max: string | null;
}

export interface StanzaInfo {
  /** By repo: what is wrong with it, null when nothing is. */
  readonly repos: readonly { readonly repo: number; readonly trouble: string | null }[];
  readonly backups: readonly BackupInfo[];
  readonly archives: readonly ArchiveInfo[];
}

/** Seconds. pgBackRest's own is a minute, for each instance that is down and several times over for a repo. */
const IO_TIMEOUT = 15;

export class PgBackRest {
  constructor(private readonly config: string, private readonly stanza: string) {}

  /** Rejects with pgBackRest's own errors. For what takes seconds: a repo or an instance that is silent is not waited for long. */
  async command(name: string, args: readonly string[], options: PgBackRestOptions = {}): Promise<string> {
    return this.#run(name, [`--io-timeout=${IO_TIMEOUT}`, ...args], options);
  }

  async #run(name: string, args: readonly string[], options: PgBackRestOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await run(['pgbackrest', `--config=${this.config}`, `--stanza=${this.stanza}`, ...args, name], options);
    if (code !== 0) throw new Error(errorsIn(stderr) || `pgbackrest ${name} ${code === null ? 'was killed' : `exited with ${code}`}`);
    return stdout;
  }

  async backup(type: BackupType, repo: number, options: PgBackRestOptions): Promise<void> {
    await this.#run('backup', [`--type=${type}`, `--repo=${repo}`, '--log-level-stderr=info'], options);
  }

  /** All that pgBackRest tells of the stanza; rejects with its own error. `args`: of which repo or backup alone. */
  async information(args: readonly string[], options: PgBackRestOptions = {}): Promise<Information> {
    return informationIn(await this.command('info', [...args, '--output=json'], options), this.stanza);
  }

  /** stanza-create has not done its work in that repo yet, or only half of it. Not so where the repo cannot be read: then nobody knows. */
  async lacksStanza(repo: number, options: PgBackRestOptions = {}): Promise<boolean> {
    const { repo: repos } = await this.information([`--repo=${repo}`], options);
    return repos.some(({ status: { code } }) => code === STATUS.missingStanza || code === STATUS.missingStanzaData);
  }

  async info(options: PgBackRestOptions = {}): Promise<StanzaInfo> {
    const { repo, backup, archive } = await this.information([], options);
    return {
      // A stanza that has no backup yet is no trouble.
      repos: repo.map(({ key, status: { code, message } }) => ({ repo: key, trouble: code === STATUS.ok || code === STATUS.noBackup ? null : message })),
      backups: backup.filter(({ error }) => error !== true).map(({ database, type, label, timestamp, info }) => ({
        repo: database['repo-key'], type, label, stopped: timestamp.stop, size: info.size, added: info.repository.delta,
      })),
      archives: archive.map(({ database, min, max }) => ({ repo: database['repo-key'], min: min ?? null, max: max ?? null })),
    };
  }
}

/** By the code of three digits; the server's own errors, and so its clients', have none. */
export function isPgBackRestError(line: string): boolean {
  return / ERROR: \[\d{3}\]: /.test(line);
}

/** `ERROR: [056]: unable to find primary cluster - cannot proceed` and the hints that follow. */
export function errorsIn(log: string): string {
  const lines = log.split('\n').map((line) => line.trim());
  const first = lines.findIndex((line) => line.includes('ERROR:'));
  return first < 0 ? '' : lines.slice(first).map((line) => line.replace(/^.*?(ERROR: )/, '$1')).join(' ').trim().slice(0, 600);
}

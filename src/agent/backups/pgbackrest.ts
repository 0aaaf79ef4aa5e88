/** Runs pgBackRest on the cluster's stanza, and understands what it says. */
import { z } from 'zod';
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

const info = z.array(z.object({
  name: z.string(),
  repo: z.array(z.object({ key: z.number(), status: z.object({ code: z.number(), message: z.string() }) })).optional(),
  backup: z.array(z.object({
    database: z.object({ 'repo-key': z.number() }),
    type: z.enum(['full', 'diff', 'incr']),
    label: z.string(),
    error: z.boolean().nullish(),
    timestamp: z.object({ stop: z.number() }),
    info: z.object({ size: z.number(), repository: z.object({ delta: z.number() }) }),
  })).optional(),
  archive: z.array(z.object({ database: z.object({ 'repo-key': z.number() }), min: z.string().nullish(), max: z.string().nullish() })).optional(),
}));

/** pgBackRest's code for a stanza that has no backup yet, which is no trouble. */
const NO_BACKUP = 2;
/** Its codes for a stanza that is not there, and for one that is half there. */
const NO_STANZA: readonly number[] = [1, 3];

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

  /** stanza-create has not done its work in that repo yet. Not so where the repo cannot be read: then nobody knows. */
  async lacksStanza(repo: number, options: PgBackRestOptions = {}): Promise<boolean> {
    const mine = await this.#info([`--repo=${repo}`], options);
    return mine?.repo?.some(({ status }) => NO_STANZA.includes(status.code)) ?? true;
  }

  async info(options: PgBackRestOptions = {}): Promise<StanzaInfo> {
    const mine = await this.#info([], options);
    return {
      repos: (mine?.repo ?? []).map(({ key, status }) => ({ repo: key, trouble: status.code === 0 || status.code === NO_BACKUP ? null : status.message })),
      backups: (mine?.backup ?? []).filter(({ error }) => error !== true).map((backup) => ({
        repo: backup.database['repo-key'],
        type: backup.type,
        label: backup.label,
        stopped: backup.timestamp.stop,
        size: backup.info.size,
        added: backup.info.repository.delta,
      })),
      archives: (mine?.archive ?? []).map(({ database, min, max }) => ({ repo: database['repo-key'], min: min ?? null, max: max ?? null })),
    };
  }

  async #info(args: readonly string[], options: PgBackRestOptions): Promise<z.infer<typeof info>[number] | undefined> {
    const all = info.parse(parsePrinted(await this.command('info', [...args, '--output=json'], options)));
    return all.find(({ name }) => name === this.stanza);
  }
}

/**
 * pgBackRest quotes what it cannot read, such as what a wrong passphrase makes of a file, with control characters that JSON does not allow; and a
 * system's id is a number beyond those that JavaScript has.
 */
export function parsePrinted(json: string): unknown {
  return JSON.parse(json.replace(/\p{Cc}/gu, ' ').replace(/("system-id":)(\d+)/g, '$1"$2"'));
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

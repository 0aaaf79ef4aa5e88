/** What lies in a pgBackRest repo, by its own word (`pgbackrest info`), and which backup a recovery has to begin with. */
import type { RecoveryTargetSpec } from '../../contract/spec.js';
import { STATUS, type Information, type Whose } from '../backups/info.js';
import { PgBackRest } from '../backups/pgbackrest.js';
import { formatLsn, parseLsn } from '../core/lsn.js';

/** A stanza, pgBackRest's name for one cluster's backups and archive, opened by a configuration file. */
export interface Stanza {
  readonly config: string;
  readonly stanza: string;
}

export interface Backup {
  readonly label: string;
  /** In seconds since 1970, as pgBackRest counts. */
  readonly stoppedAt: number;
  /** From here on the data is consistent. */
  readonly stopLsn: bigint;
}

/** What a copy of the cluster itself may be made from. */
export interface RepoContents {
  readonly repo: number;
  /** Of the system that is backed up there now. */
  readonly systemId: string;
  /** Oldest first. */
  readonly backups: readonly (Backup & { readonly bytes: number; readonly lastSegment: string })[];
  /** The last segment of log that is there; null while none is. */
  readonly lastSegment: string | null;
}

/** Where a backup is. */
export interface Where {
  readonly repo: number;
  readonly label: string;
}

export interface Tablespace {
  readonly name: string;
  readonly destination: string;
}

/** Whether nothing was ever archived or backed up there, in any repo. Rejects when that cannot be told. */
export async function isEmpty(stanza: Stanza, signal: AbortSignal): Promise<boolean> {
  const { repo } = await information(stanza, signal);
  if (repo.some(({ status }) => status.code === STATUS.other)) throw new Error(troubleOf(stanza, repo));
  return repo.every(({ status }) => status.code === STATUS.missingStanza);
}

/** All backups, oldest first. Rejects with what pgBackRest says when the repo cannot be read. */
export async function backupsOf(stanza: Stanza, signal: AbortSignal): Promise<readonly Backup[]> {
  const found = await ask(stanza, signal);
  if (found === null) throw new Error(`there is no stanza "${stanza.stanza}" in the repo: are its path and the stanza (the name of the cluster that was backed up) right?`);
  return found.backup.map(({ label, timestamp, lsn }) => ({ label, stoppedAt: timestamp.stop, stopLsn: parseLsn(lsn?.stop ?? '0/0') }));
}

/** Repos that cannot be read are left out. */
export async function contentsOf(stanza: Stanza, signal: AbortSignal): Promise<readonly RepoContents[]> {
  const { repo, db, archive, backup } = await information(stanza, signal);
  return repo.filter(({ status }) => status.code === STATUS.ok).flatMap(({ key }) => {
    const system = db.filter((one) => one['repo-key'] === key).at(-1);
    if (system === undefined) return [];
    const own = <T extends { database: Whose }>({ database }: T) => database['repo-key'] === key && database.id === system.id;
    return [{
      repo: key,
      systemId: system['system-id'],
      lastSegment: archive.find(own)?.max ?? null,
      backups: backup.filter((one) => own(one) && one.error !== true).map(({ label, timestamp, lsn, info, archive: { stop } }) => ({
        label, stoppedAt: timestamp.stop, stopLsn: parseLsn(lsn?.stop ?? '0/0'), bytes: info.size, lastSegment: stop ?? '',
      })),
    }];
  });
}

/** The tablespaces that a backup holds. */
export async function tablespacesOf(stanza: Stanza, { repo, label }: Where, signal: AbortSignal): Promise<readonly Tablespace[]> {
  const found = await ask(stanza, signal, `--repo=${repo}`, `--set=${label}`);
  return found?.backup.find((backup) => backup.label === label)?.tablespace ?? [];
}

/** The newest backup from which the target can be reached: one that ended before it, for only from its end on is the data consistent. */
export function chooseBackup(backups: readonly Backup[], target: RecoveryTargetSpec, label?: string): Backup {
  if (backups.length === 0) throw new Error('the repo has no backup yet');
  if (label !== undefined) {
    const chosen = backups.find((backup) => backup.label === label);
    if (chosen === undefined) throw new Error(`the repo has no backup "${label}"; it has ${backups.map((backup) => backup.label).join(', ')}`);
    return chosen;
  }
  const newest = [...backups].reverse().find((backup) => endsBefore(backup, target));
  if (newest === undefined) {
    const [{ stoppedAt, stopLsn, label: oldest }] = backups as [Backup];
    throw new Error(`no backup ends before ${'value' in target ? target.value : target.type}: the oldest, ${oldest}, ended at `
      + `${new Date(stoppedAt * 1000).toISOString()} (${formatLsn(stopLsn)}), and nothing before that can be restored`);
  }
  return newest;
}

function endsBefore({ stoppedAt, stopLsn }: Backup, target: RecoveryTargetSpec): boolean {
  switch (target.type) {
    case 'time':
      return stoppedAt * 1000 < Date.parse(target.value);
    case 'lsn':
      return stopLsn <= parseLsn(target.value);
    // Where in the log a name or a transaction is, nobody knows before recovery has come there.
    case 'name':
    case 'xid':
    case 'latest':
    case 'immediate':
      return true;
  }
}

/** null where the stanza is not there. */
async function ask(stanza: Stanza, signal: AbortSignal, ...more: string[]): Promise<Information | null> {
  const found = await information(stanza, signal, ...more);
  if (found.repo.some(({ status }) => status.code === STATUS.missingStanza)) return null;
  if (found.repo.some(({ status }) => status.code !== STATUS.ok && status.code !== STATUS.noBackup)) throw new Error(troubleOf(stanza, found.repo));
  return found;
}

function information({ config, stanza }: Stanza, signal: AbortSignal, ...more: string[]): Promise<Information> {
  return new PgBackRest(config, stanza).information(more, { signal });
}

/** pgBackRest's own words, without requests, headers and what a wrong passphrase makes of a file. */
function troubleOf({ stanza }: Stanza, repos: Information['repo']): string {
  const words = repos.filter(({ status }) => status.code !== STATUS.ok).map(({ key, status }) => {
    const text = status.message.replace(/\*\*\* Path\/Query \*\*\*[^]*?(?=<Code>|$)/, '').replace(/[^\x20-\x7e]+/g, ' ').trim().slice(0, 400);
    return `repo${key}: ${text}${/CryptoError\] unable to load|FormatError/.test(status.message) ? ' (is the passphrase right?)' : ''}`;
  });
  return `pgBackRest cannot read stanza "${stanza}": ${words.join('; ')}`;
}

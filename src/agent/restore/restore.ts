/** A new cluster's first data from another cluster's backup: restored, recovered to the target, and so marked that nobody takes the unfinished for done. */
import type { Logger } from 'pino';
import { backupsOf, chooseBackup, isEmpty, tablespacesOf, type Stanza, type Tablespace, type Where } from './catalog.js';
import { describe, recover } from './recover.js';
import type { BootstrapSpec } from '../../contract/spec.js';
import { readControlData } from '../postgres/controldata.js';
import { writeIncarnation } from '../postgres/identity.js';
import { ensurePrivateDirectory } from '../postgres/initdb.js';
import { beginWork, endWork, markFresh } from '../postgres/marker.js';
import { removeUnfinished } from '../postgres/move-aside.js';
import { run, underLock } from '../postgres/run.js';
import type { PostgresPaths } from '../postgres/types.js';

/** The source's configuration names no other. */
const SOURCE_REPO = 1;

/** PGDATA must be empty or left by an unfinished attempt, as for initdb (I18, I21); PostgreSQL's configuration must have been written. */
export async function restore(paths: PostgresPaths, source: Stanza, bootstrap: BootstrapSpec, log: Logger, signal: AbortSignal): Promise<{ systemId: string; timeline: number }> {
  const { target } = bootstrap;
  // Whatever can be refused is refused before the first byte is written.
  const backup = chooseBackup(await backupsOf(source, signal), target, bootstrap.backup);
  const where = { repo: SOURCE_REPO, label: backup.label };
  const tablespaces = await tablespacesOf(source, where, signal);
  refuseHomeless(paths, tablespaces);
  await removeUnfinished(paths, log);
  await beginWork(paths, 'restore');
  await ensurePrivateDirectory(paths.pgdata);
  log.info({ backup: backup.label, stanza: source.stanza, target }, 'restoring');
  await fetchBackup(paths, source, where, tablespaces, log, signal);
  const timeline = await recover(paths, source, target, log, signal);
  const { systemId } = await readControlData(paths);
  const incarnation = await writeIncarnation(paths, systemId);
  await markFresh(paths, systemId);
  await endWork(paths, 'restore');
  log.info({ backup: backup.label, target: describe(target), systemId, timeline, incarnation }, 'restored');
  return { systemId, timeline };
}

/**
 * A restored system has the id of its source, so pgBackRest would let it push into an archive of the source's or of an earlier restore, whose
 * log would then be lost among the new one's.
 */
export async function refuseUsedArchive(own: Stanza, signal: AbortSignal): Promise<void> {
  if (await isEmpty(own, signal)) return;
  throw new Error(`the archive of this cluster is not empty: its repos already hold a stanza "${own.stanza}", and nothing is restored beside it; `
    + 'give the repos another path, or remove what is there if nobody needs it any more');
}

/** A tablespace without a volume here would be written to where it was on the source. */
export function refuseHomeless(paths: PostgresPaths, tablespaces: readonly Tablespace[]): void {
  const homeless = tablespaces.map(({ name }) => name).filter((name) => !(name in paths.tablespaces));
  if (homeless.length > 0) {
    throw new Error(`the backup has tablespaces for which this cluster has no volume: ${homeless.join(', ')}; add them to the prop "tablespaces"`);
  }
}

/** The files of a backup, ready for recovery. */
export async function fetchBackup(
  paths: PostgresPaths, { config, stanza }: Stanza, { repo, label }: Where, tablespaces: readonly Tablespace[], log: Logger, signal: AbortSignal,
): Promise<void> {
  const { code, stderr } = await run(underLock(paths, [
    'pgbackrest', `--config=${config}`, `--stanza=${stanza}`, `--pg1-path=${paths.pgdata}`, '--log-level-console=off', '--log-level-stderr=detail',
    `--repo=${repo}`, `--set=${label}`, '--type=default',
    // New links where the source had none, and other ones where it had.
    ...(paths.walDir === undefined ? [] : [`--link-map=pg_wal=${paths.walDir}`]),
    ...tablespaces.map(({ name }) => `--tablespace-map=${name}=${paths.tablespaces[name]}`),
    'restore',
  ]), { signal, onLine: progress(log) });
  if (code !== 0) throw new Error(`pgbackrest restore of ${label} failed: ${complaintsOf(stderr)}`);
}

/** pgBackRest names every file with how much of the whole it makes; every tenth part of that is worth a line. */
function progress(log: Logger): (line: string) => void {
  let told = 0;
  return (line) => {
    const percent = Number(/^DETAIL: restore file .*, (\d+(?:\.\d+)?)%\)/.exec(line)?.[1] ?? NaN);
    if (percent >= told + 10) {
      told = Math.floor(percent / 10) * 10;
      log.info({ source: 'pgbackrest', percent: told }, `${told} % restored`);
    } else if (!line.startsWith('DETAIL:')) {
      log.info({ source: 'pgbackrest' }, line);
    }
  };
}

function complaintsOf(stderr: string): string {
  const lines = stderr.split('\n');
  const first = lines.findIndex((line) => line.startsWith('ERROR:'));
  return first < 0 ? stderr.slice(-500) : lines.slice(first).filter((line) => !line.startsWith('INFO:')).join(' ');
}

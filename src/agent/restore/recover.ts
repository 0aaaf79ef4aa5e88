/**
 * Lets PostgreSQL recover restored data to the target and begin a timeline of its own there.
 *
 * It is a server of its own for this one purpose: it listens nowhere but in a directory that only this agent knows, so that nobody can connect
 * to data that has not been recorded as the cluster's yet (I41), and it is stopped again before anything else is done.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { RecoveryTargetSpec } from '../../contract/spec.js';
import { formatLsn, historyFileName } from '../core/lsn.js';
import type { Lsn } from '../core/types.js';
import { removeDurably, writeDurably } from '../files.js';
import type { Stanza } from './catalog.js';
import { configFile } from '../postgres/config.js';
import { readControlData } from '../postgres/controldata.js';
import { walDirectory } from '../postgres/history.js';
import { waitForPromotion } from '../postgres/promotion.js';
import { program, run, runOrThrow, underLock } from '../postgres/run.js';
import type { PostgresPaths } from '../postgres/types.js';

/** The shutdown checkpoint of a recovery that changed much. */
const STOP_TAKES_SECONDS = 3_600;
/** Seconds between two attempts to fetch one file; pgBackRest tries each request several times itself. */
const FETCH_PAUSES = [1, 5, 1];

/** The configuration must have been written, and the data must be as pgBackRest left it. Resolves with the new timeline, once PostgreSQL has stopped. */
export async function recover(paths: PostgresPaths, source: Stanza, target: RecoveryTargetSpec, log: Logger, signal: AbortSignal): Promise<number> {
  const hidden = await hide(paths);
  const ended = new AbortController();
  const server = serve(hidden, fetchFrom(source, paths), { recovery_target_timeline: 'latest', recovery_target_action: 'promote', ...targetSettings(target) }, log, signal);
  server.then(() => ended.abort(), () => ended.abort());
  try {
    const { timeline } = await waitForPromotion(hidden, ended.signal);
    log.info({ timeline }, 'recovered to the target');
    await runOrThrow([program(paths, 'pg_ctl'), '-D', paths.pgdata, '-m', 'fast', '-w', '-t', String(STOP_TAKES_SECONDS), 'stop'], { signal });
  } catch (error) {
    if (!ended.signal.aborted) throw error;
  }
  const { code, stderr } = await server;
  await rm(hidden.socketDir, { recursive: true });
  if (code !== 0) throw new Error(`recovery to ${describe(target)} failed: ${lastWords(stderr)}`);
  const { timeline } = await readControlData(paths);
  await archiveHistory(paths, timeline);
  return timeline;
}

/**
 * Lets PostgreSQL recover restored data along one timeline, and stop there: a copy that can go on as a standby. `position`: null for the end of the
 * backup, from where on the data is consistent.
 */
export async function recoverWithin(
  paths: PostgresPaths, source: Stanza, { repo, timeline, position }: { repo: number; timeline: number; position: Lsn | null }, log: Logger, signal: AbortSignal,
): Promise<void> {
  const hidden = await hide(paths);
  const target: Record<string, string> = position === null ? { recovery_target: 'immediate' } : { recovery_target_lsn: formatLsn(position) };
  // Not ahead of recovery, as for a standby: the spool is the standby's, and another repo may be broken.
  const fetch = fetchFrom(source, paths, `--repo=${repo} --no-archive-async`);
  const { code, stderr } = await serve(hidden, fetch, { recovery_target_timeline: String(timeline), recovery_target_action: 'shutdown', ...target }, log, signal);
  await rm(hidden.socketDir, { recursive: true });
  if (code !== 0) throw new Error(`recovery along timeline ${timeline} failed: ${lastWords(stderr)}`);
  // It asks for a recovery that ends with a timeline of its own.
  await removeDurably(join(paths.pgdata, 'recovery.signal'));
}

/** Where nobody looks for it. */
async function hide(paths: PostgresPaths): Promise<PostgresPaths> {
  // pgBackRest writes its own settings there, and the source's may be there too; both would outlive the recovery and outrank the agent's.
  await writeDurably(join(paths.pgdata, 'postgresql.auto.conf'), '# Parameters belong into the spec.\n');
  const socketDir = join(paths.stateDir, 'recovery');
  await mkdir(socketDir, { recursive: true, mode: 0o700 });
  return { ...paths, socketDir };
}

function serve(paths: PostgresPaths, fetch: string, target: Record<string, string>, log: Logger, signal: AbortSignal): ReturnType<typeof run> {
  const settings: Record<string, string> = {
    listen_addresses: '',
    unix_socket_directories: paths.socketDir,
    ssl: 'off',
    // The source may have had more connections and workers than this cluster will; only who answers queries must have as many.
    hot_standby: 'off',
    archive_mode: 'off',
    restore_command: orFail(fetch),
    ...target,
  };
  return run(underLock(paths, [
    program(paths, 'postgres'), '-D', paths.pgdata, '-c', `config_file=${configFile(paths)}`,
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ]), { signal, onLine: (line) => log.info({ source: 'recovery' }, line) });
}

function fetchFrom({ config, stanza }: Stanza, paths: PostgresPaths, more = ''): string {
  return `pgbackrest --config=${config} --stanza=${stanza} --pg1-path=${paths.pgdata} --log-level-stderr=warn ${more} archive-get %f "%p"`;
}

/**
 * PostgreSQL takes any failure up to 125 for the end of the log, and would begin a timeline in the middle of it when the repo has a fault.
 * pgBackRest says 1 for a file that is not there; all else is tried again, and then ends the recovery (PostgreSQL: "restore_command").
 */
function orFail(fetch: string): string {
  return `for pause in ${FETCH_PAUSES.join(' ')}; do ${fetch}; code=$?; [ $code -le 1 ] && exit $code; sleep $pause; done; exit 126`;
}

function targetSettings(target: RecoveryTargetSpec): Record<string, string> {
  switch (target.type) {
    case 'latest':
      return {};
    case 'immediate':
      return { recovery_target: 'immediate' };
    case 'time':
      // PostgreSQL reads it before it knows what abbreviations like Z mean.
      return { recovery_target_time: target.value.replace(/Z$/, '+00:00') };
    case 'lsn':
    case 'name':
    case 'xid':
      return { [`recovery_target_${target.type}`]: target.value };
  }
}

export function describe(target: RecoveryTargetSpec): string {
  return 'value' in target ? `${target.type} ${target.value}` : `the target "${target.type}"`;
}

/** What PostgreSQL itself gives for the reason. */
function lastWords(stderr: string): string {
  const fatal = stderr.split('\n').filter((line) => /\b(FATAL|PANIC|ERROR): /.test(line)).map((line) => line.replace(/^.*?\b(?=(?:FATAL|PANIC|ERROR): )/, ''));
  return fatal.length > 0 ? fatal.slice(-3).join('; ') : stderr.slice(-500);
}

/** Whoever recovers along this timeline later looks for its history in this cluster's archive, and recovery without an archive did not send it there. */
async function archiveHistory(paths: PostgresPaths, timeline: number): Promise<void> {
  await writeDurably(join(walDirectory(paths), 'archive_status', `${historyFileName(timeline)}.ready`), '');
}

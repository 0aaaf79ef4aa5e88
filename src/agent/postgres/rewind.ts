/** Turns a data directory that went its own way back to the last common point and on to a new primary's state, by pg_rewind. */
import type { Logger } from 'pino';
import { configFile } from './config.js';
import { rewindConninfo } from './conninfo.js';
import { installedMajor, readDataDirectory } from './controldata.js';
import { saveDiverged, type Diverged } from './diverged.js';
import { messageOf } from '../files.js';
import { parseHistory } from './history.js';
import { beginWork, endWork } from './marker.js';
import { LOCKED, program, run, underLock, type Finished } from './run.js';
import { markStandby, unmarkStandby } from './standby-signal.js';
import type { PostgresPaths, Upstream } from './types.js';
import { historyOf, identifySystem, withUpstream } from './upstream.js';
import { readWalEnd } from './wal-end.js';

export interface RewindSource {
  readonly upstream: Upstream;
  readonly systemId: string;
}

/**
 * `notPossible`: no retry can help, clone instead. `sourceUnavailable`: nothing was changed, try again. `failed`: it broke off, perhaps
 * midway; the data directory tells whether it is poisoned.
 */
export type RewindFailure = 'notPossible' | 'sourceUnavailable' | 'failed';

export class RewindError extends Error {
  constructor(readonly kind: RewindFailure, message: string) {
    super(message);
  }
}

/** The configuration must have been written: pg_rewind runs crash recovery with it. */
export async function rewind(paths: PostgresPaths, source: RewindSource, log: Logger, signal: AbortSignal): Promise<Diverged> {
  const history = await sourceHistory(paths, source, signal);
  const diverged = await saveBeforeFirstTry(paths, source, history);
  log.warn({ from: source.upstream.host, divergedBytes: String(diverged.divergedBytes), savedTo: diverged.savedTo }, 'rewinding');
  await beginWork(paths, 'rewind');
  // With it, the single-user server in which pg_rewind recovers a crashed data directory refuses to run.
  const wasStandby = await unmarkStandby(paths);
  const finished = await pgRewind(paths, source.upstream, log, signal);
  if (finished.code !== 0) {
    // It copies nothing before it has said how much; until then the data is what it was.
    if (!/need to copy/.test(finished.stderr)) {
      if (wasStandby) await markStandby(paths);
      await endWork(paths, 'rewind');
    }
    throw new RewindError(kindOf(finished), `pg_rewind from ${source.upstream.host} failed: ${finished.stderr}`);
  }
  // From here on it only follows; its control file may still look like a primary's.
  await markStandby(paths);
  await endWork(paths, 'rewind');
  return diverged;
}

/** Shows that the source can be rewound to: our system, a primary, and its timeline known to its control file (I19, I24). */
async function sourceHistory(paths: PostgresPaths, { upstream, systemId }: RewindSource, signal: AbortSignal): Promise<string> {
  try {
    const found = await identifySystem(paths, upstream, signal);
    if (found !== systemId) throw new RewindError('notPossible', `${upstream.host} is of system ${found}, not ${systemId}`);
    const timeline = await checkpointedTimeline(paths, upstream, signal);
    return await withUpstream(paths, upstream, 'replication', signal, (client) => historyOf(client, timeline));
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof RewindError) throw error;
    throw new RewindError('sourceUnavailable', `${upstream.host} cannot be asked: ${messageOf(error)}`);
  }
}

async function checkpointedTimeline(paths: PostgresPaths, upstream: Upstream, signal: AbortSignal): Promise<number> {
  return withUpstream(paths, upstream, 'rewind', signal, async (client) => {
    const { rows } = await client.query<{ checkpointed: number; writing: string | null }>(
      `SELECT timeline_id AS checkpointed, CASE WHEN NOT pg_is_in_recovery() THEN left(pg_walfile_name(pg_current_wal_lsn()), 8) END AS writing
       FROM pg_control_checkpoint()`,
    );
    const { checkpointed, writing } = rows[0]!;
    if (writing === null) throw new RewindError('sourceUnavailable', `${upstream.host} is no primary (yet)`);
    if (Number.parseInt(writing, 16) !== checkpointed) {
      throw new RewindError('sourceUnavailable', `${upstream.host} has not finished a checkpoint on its timeline yet`);
    }
    return checkpointed;
  });
}

/** A second try finds a poisoned directory; what was to be saved, the first one saved. */
async function saveBeforeFirstTry(paths: PostgresPaths, source: RewindSource, history: string): Promise<Diverged> {
  const data = await readDataDirectory(paths, await installedMajor(paths));
  if (data.kind === 'poisoned') return { divergedBytes: 0n, savedTo: null };
  if (data.kind !== 'present') throw new RewindError('notPossible', `there is nothing to rewind: the data directory is ${data.kind}`);
  if (data.systemId !== source.systemId) throw new RewindError('notPossible', `the data is of system ${data.systemId}, not ${source.systemId}`);
  return saveDiverged(paths, data, await readWalEnd(paths), parseHistory(history));
}

/** Under the lock, where postmaster.pid is known to be stale (I37). */
async function pgRewind(paths: PostgresPaths, upstream: Upstream, log: Logger, signal: AbortSignal): Promise<Finished> {
  return run(underLock(paths, [
    '/bin/sh', '-c', 'rm -f "$1/postmaster.pid" && shift && exec "$@"', 'sh', paths.pgdata,
    program(paths, 'pg_rewind'),
    `--target-pgdata=${paths.pgdata}`,
    `--source-server=${rewindConninfo(paths, upstream)}`,
    `--config-file=${configFile(paths)}`,
    '--progress',
  ]), { signal, onLine: (line) => log.info({ source: 'pg_rewind' }, line.trimEnd()) });
}

function kindOf({ code, stderr }: Finished): RewindFailure {
  if (code === LOCKED || /could not connect|connection to server|server closed the connection|could not receive data/.test(stderr)) return 'sourceUnavailable';
  const hopeless = /could not find common ancestor|could not find previous WAL record|could not open file ".*pg_wal|different systems|not compatible|data checksums or/;
  return hopeless.test(stderr) ? 'notPossible' : 'failed';
}

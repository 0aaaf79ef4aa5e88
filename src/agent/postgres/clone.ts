/** Makes this instance a copy of another one: by a base backup over the network, or by another way to come by the same files. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { replicationConninfo } from './conninfo.js';
import { readControlData } from './controldata.js';
import { messageOf } from '../files.js';
import { writeIncarnation } from './identity.js';
import { ensurePrivateDirectory } from './initdb.js';
import { beginWork, endWork } from './marker.js';
import { moveAside } from './move-aside.js';
import { program, run, underLock } from './run.js';
import { markStandby } from './standby-signal.js';
import { completeTablespaces } from './tablespaces.js';
import type { PostgresPaths, Upstream } from './types.js';
import { identityOf, withUpstream } from './upstream.js';

const PREPARED_WITHIN = 5_000;
const PREPARED_POLL = 100;
/** invalid_authorization_specification: a role that is not there, as one that may not log in. */
const MISSING_ROLE = '28000';

export interface CloneSource {
  readonly upstream: Upstream;
  /** A physical slot that is there, so that no WAL is missing when streaming begins. */
  readonly slot: string;
  readonly systemId: string;
  readonly applicationName: string;
}

/** How the files come into an empty PGDATA. Afterwards PostgreSQL can start on them as a standby, and needs no more log than the source still has. */
export interface CopyMethod {
  readonly name: string;
  copy(paths: PostgresPaths, source: CloneSource, log: Logger, signal: AbortSignal): Promise<void>;
}

/**
 * What is there is moved aside, and only after the source has proven to be of the same system (I18, I19). Of the methods the first that works is
 * taken; `method` tells which that was.
 */
export async function clone(
  paths: PostgresPaths, source: CloneSource, methods: readonly CopyMethod[], log: Logger, signal: AbortSignal,
): Promise<{ incarnation: string; method: CopyMethod }> {
  const { upstream, systemId } = source;
  const found = await systemThatIsPrepared(paths, source, signal);
  if (found !== systemId) throw new Error(`${upstream.host} is of system ${found}, not ${systemId}: nothing was cloned from it`);
  const method = await copyByFirst(paths, source, methods, log, signal);
  const control = await readControlData(paths);
  if (control.systemId !== systemId) throw new Error(`the clone of ${upstream.host} is of system ${control.systemId}, not ${systemId}`);
  await completeTablespaces(paths);
  const incarnation = await writeIncarnation(paths, systemId);
  // Its control file is the primary's; nobody may take the copy for one that has led.
  await markStandby(paths);
  await endWork(paths, 'clone');
  log.info({ from: upstream.host, method: method.name, incarnation }, 'cloned');
  return { incarnation, method };
}

async function copyByFirst(paths: PostgresPaths, source: CloneSource, methods: readonly CopyMethod[], log: Logger, signal: AbortSignal): Promise<CopyMethod> {
  const [method, ...others] = methods as [CopyMethod, ...CopyMethod[]];
  // From the second method on this deletes what the unfinished first one left.
  await moveAside(paths, log);
  await beginWork(paths, 'clone');
  await ensurePrivateDirectory(paths.pgdata);
  log.info({ from: source.upstream.host, method: method.name }, 'cloning');
  try {
    await method.copy(paths, source, log, signal);
    return method;
  } catch (error) {
    if (signal.aborted || others.length === 0) throw error;
    log.info({ method: method.name, why: messageOf(error) }, `no copy by ${method.name}; trying ${others[0]!.name}`);
    return copyByFirst(paths, source, others, log, signal);
  }
}

/**
 * The system id of the source. A new cluster's leader makes the role and the slots just after its start, and a replica may come before that: they
 * are waited for. What is still missing then, pg_basebackup tells.
 */
async function systemThatIsPrepared(paths: PostgresPaths, { upstream, slot, systemId }: CloneSource, signal: AbortSignal): Promise<string> {
  for (const until = performance.now() + PREPARED_WITHIN; ;) {
    const last = performance.now() >= until;
    const found = await withUpstream(paths, upstream, 'replication', signal, async (client) => {
      const { systemId: id } = await identityOf(client);
      const { rows: [read] } = await client.query<{ slot_type: string | null }>(`READ_REPLICATION_SLOT ${slot}`);
      return { systemId: id, prepared: read?.slot_type != null };
    }).catch((error: unknown) => {
      if (last || (error as { code?: string }).code !== MISSING_ROLE) throw error;
      return null;
    });
    if (found !== null && (found.prepared || found.systemId !== systemId || last)) return found.systemId;
    await sleep(PREPARED_POLL, undefined, { signal });
  }
}

/** Over the network, with the log that is written meanwhile. */
export const baseBackup: CopyMethod = {
  name: 'pg_basebackup',
  async copy(paths, { upstream, slot, applicationName }, log, signal) {
    const { code, stderr } = await run(underLock(paths, [
      program(paths, 'pg_basebackup'),
      `--dbname=${replicationConninfo(paths, upstream, applicationName)}`,
      `--pgdata=${paths.pgdata}`,
      ...(paths.walDir === undefined ? [] : [`--waldir=${paths.walDir}`]),
      `--slot=${slot}`, '--wal-method=stream', '--checkpoint=fast', '--no-password', '--verbose',
    ]), { signal, onLine: (line) => log.info({ source: 'pg_basebackup' }, line) });
    if (code !== 0) throw new Error(`pg_basebackup from ${upstream.host} failed: ${stderr}`);
  },
};

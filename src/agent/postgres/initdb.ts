/** Makes the data directory of a new cluster. Whether one may be made at all (I18, I41) is decided before. */
import { chmod, mkdir } from 'node:fs/promises';
import type { Logger } from 'pino';
import { readControlData } from './controldata.js';
import { writeIncarnation } from './identity.js';
import { beginWork, endWork, markFresh } from './marker.js';
import { removeUnfinished } from './move-aside.js';
import { program, run, runOrThrow, underLock } from './run.js';
import type { PostgresPaths } from './types.js';

export async function initdb(paths: PostgresPaths, log: Logger, signal: AbortSignal): Promise<{ systemId: string; incarnation: string }> {
  await removeUnfinished(paths, log);
  await beginWork(paths, 'initdb');
  await ensurePrivateDirectory(paths.pgdata);
  await runOrThrow(underLock(paths, [
    program(paths, 'initdb'),
    `--pgdata=${paths.pgdata}`,
    ...(paths.walDir === undefined ? [] : [`--waldir=${paths.walDir}`]),
    '--username=postgres', '--encoding=UTF8', `--locale=${await utf8Locale()}`,
    '--data-checksums', '--auth-local=peer', '--auth-host=scram-sha-256',
  ]), { signal });
  const { systemId } = await readControlData(paths);
  const incarnation = await writeIncarnation(paths, systemId);
  await markFresh(paths, systemId);
  await endWork(paths, 'initdb');
  log.info({ systemId, incarnation }, 'initdb made a new data directory');
  return { systemId, incarnation };
}

/** PostgreSQL insists on a directory that only we may enter. */
export async function ensurePrivateDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  await chmod(path, 0o700);
}

/** C.UTF-8 sorts like C and knows letters beyond ASCII; not every image has it. */
async function utf8Locale(): Promise<string> {
  const { stdout } = await run(['locale', '-a']).catch(() => ({ stdout: '' }));
  return /^C\.utf-?8$/im.test(stdout) ? 'C.UTF-8' : 'C';
}

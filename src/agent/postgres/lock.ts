/** The data directory's lock: free means that no process of PostgreSQL, in any container, is left on it (I32, I37). */
import { LOCKED, run } from './run.js';
import type { PostgresPaths } from './types.js';

/** A killed process that writes much may take a while to be torn down. */
const KILL_TIMEOUT = '5s';

export async function isLockFree(paths: PostgresPaths): Promise<boolean> {
  return freed(paths, ['--timeout', '0s']);
}

/** SIGKILL to whoever holds it; rejects when it is still held afterwards, which only another container's process can do. */
export async function killLockHolders(paths: PostgresPaths): Promise<void> {
  if (!await freed(paths, ['--kill', '--timeout', KILL_TIMEOUT])) {
    throw new Error(`${paths.lockFile} is still held ${KILL_TIMEOUT} after a SIGKILL of every holder in sight: another container runs PostgreSQL on this volume`);
  }
}

async function freed(paths: PostgresPaths, options: readonly string[]): Promise<boolean> {
  const { code, stderr } = await run([paths.guard, 'lock-free', '--lock', paths.lockFile, ...options]);
  if (code !== 0 && code !== LOCKED) throw new Error(`cannot tell whether ${paths.lockFile} is free: ${stderr}`);
  return code === 0;
}

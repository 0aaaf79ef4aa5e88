/** The file that makes PostgreSQL start as a standby, and tells us that a data directory has not led since it was written. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { removeDurably, unlessAbsent, writeDurably } from '../files.js';
import type { PostgresPaths } from './types.js';

export async function markStandby(paths: PostgresPaths): Promise<void> {
  await writeDurably(fileOf(paths), '');
}

/** Tells whether it was there. */
export async function unmarkStandby(paths: PostgresPaths): Promise<boolean> {
  const found = await access(fileOf(paths)).then(() => true, unlessAbsent) ?? false;
  if (found) await removeDurably(fileOf(paths));
  return found;
}

function fileOf(paths: PostgresPaths): string {
  return join(paths.pgdata, 'standby.signal');
}

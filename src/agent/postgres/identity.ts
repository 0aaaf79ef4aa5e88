/**
 * Who a data directory is: a UUID made when it was created or cloned and kept across rewinds. A voter is its incarnation, not the pod's
 * name, because a re-cloned instance no longer holds what it once acknowledged (I39).
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { readIfPresent, removeDurably, writeDurably } from '../files.js';
import type { PostgresPaths } from './types.js';

/** null for data that came without an identity of ours, and for data of another system that was put in its place. */
export async function readIncarnation(paths: PostgresPaths, systemId: string): Promise<string | null> {
  const [incarnation, of] = (await readIfPresent(identityFile(paths)))?.trim().split(' ') ?? [];
  return incarnation !== undefined && of === systemId ? incarnation : null;
}

export async function writeIncarnation(paths: PostgresPaths, systemId: string): Promise<string> {
  const incarnation = randomUUID();
  await writeDurably(identityFile(paths), `${incarnation} ${systemId}\n`);
  return incarnation;
}

export async function forgetIncarnation(paths: PostgresPaths): Promise<void> {
  await removeDurably(identityFile(paths));
}

function identityFile(paths: PostgresPaths): string {
  return join(paths.stateDir, 'incarnation');
}

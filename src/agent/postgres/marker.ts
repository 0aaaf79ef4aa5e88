/**
 * Work on the data directory that must not be mistaken for done after a crash in its midst (I21, I25).
 *
 * The marker is on disk before the first byte is touched and goes after the last one is synced. An initdb, a restore or a clone begins in an empty
 * directory, so what its marker is found beside never held anybody's data; a rewind begins with data, so that is poisoned.
 *
 * A marker names its data directory: the program may have chosen another one since, with data that the marker says nothing of (I18).
 */
import { join } from 'node:path';
import { readIfPresent, removeDurably, writeDurably } from '../files.js';
import type { PostgresPaths } from './types.js';

const WORKS = ['initdb', 'restore', 'clone', 'rewind'] as const;
export type Work = (typeof WORKS)[number];

export async function beginWork(paths: PostgresPaths, work: Work): Promise<void> {
  await writeDurably(markerOf(paths, work), `${paths.pgdata}\n`);
}

export async function endWork(paths: PostgresPaths, work: Work): Promise<void> {
  await removeDurably(markerOf(paths, work));
}

/** When the data directory that they speak of is gone. */
export async function forgetWork(paths: PostgresPaths): Promise<void> {
  for (const work of WORKS) await endWork(paths, work);
  await noLongerFresh(paths);
}

/** After initdb or a restore and before the first start: should another instance have been faster, this data directory may make room for its clone. */
export async function markFresh(paths: PostgresPaths, systemId: string): Promise<void> {
  await writeDurably(freshFile(paths), `${systemId}\n`);
}

export async function isFresh(paths: PostgresPaths, systemId: string): Promise<boolean> {
  return (await readIfPresent(freshFile(paths)))?.trim() === systemId;
}

export async function noLongerFresh(paths: PostgresPaths): Promise<void> {
  await removeDurably(freshFile(paths));
}

/** The rewind first: it is the one that must not be forgotten. */
export async function unfinishedWork(paths: PostgresPaths): Promise<Work | undefined> {
  for (const work of ['rewind', 'clone', 'restore', 'initdb'] as const) {
    if ((await readIfPresent(markerOf(paths, work)))?.trim() === paths.pgdata) return work;
  }
  return undefined;
}

function freshFile(paths: PostgresPaths): string {
  return join(paths.stateDir, 'initdb-not-started');
}

function markerOf(paths: PostgresPaths, work: Work): string {
  return join(paths.stateDir, `${work}-in-progress`);
}

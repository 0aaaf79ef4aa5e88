/** Timeline history files: by which forks a timeline came to be. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfPresent, removeDurably, writeDurably } from '../files.js';
import type { PostgresPaths } from './types.js';
import { historyFileName, parseLsn } from '../core/lsn.js';
import type { Fork } from '../core/types.js';

/** The forks that led to `timeline`, oldest first; none for timeline 1. */
export async function readHistory(paths: PostgresPaths, timeline: number): Promise<Fork[]> {
  if (timeline === 1) return [];
  const path = join(walDirectory(paths), historyFileName(timeline));
  const text = await readIfPresent(path);
  if (text === undefined) throw new Error(`${path} is missing: the forks that led to timeline ${timeline} are not known`);
  return parseHistory(text);
}

/** The forks that led to the newest timeline that is known here; none before the first promotion. */
export async function newestHistory(paths: PostgresPaths): Promise<Fork[]> {
  const names = (await readdir(walDirectory(paths))).filter((name) => /^[0-9A-F]{8}\.history$/.test(name)).sort().reverse();
  for (const name of names) {
    const text = await readIfPresent(join(walDirectory(paths), name));
    if (text !== undefined && text !== PLACEHOLDER) return parseHistory(text);
  }
  return [];
}

/** Lines of `parent timeline <tab> LSN where it was left <tab> reason`; comments and empty lines between. */
export function parseHistory(text: string): Fork[] {
  return text.split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '')
    .map((line) => {
      const fields = /^(\d+)\s+(\S+)/.exec(line);
      if (!fields) throw new Error(`"${line}" is not a line of a timeline history file; expected "<timeline> <LSN> <reason>"`);
      return { timeline: Number(fields[1]), lsn: parseLsn(fields[2]!) };
    });
}

const PLACEHOLDER = '# This number may have been taken by another instance.\n';

/**
 * Makes the next promotion of a running standby take `timeline`: PostgreSQL takes the first number without a history file, so each one between
 * gets an empty one. Because an empty history names no parent, recovery does not follow it, and nobody mistakes it for an ancestor.
 */
export async function skipTimelines(paths: PostgresPaths, own: number, timeline: number): Promise<void> {
  for (let taken = own + 1; taken < timeline; taken++) {
    const path = join(walDirectory(paths), historyFileName(taken));
    if (await readIfPresent(path) === undefined) await writeDurably(path, PLACEHOLDER);
  }
}

/** Before a start as a standby: at the start, recovery would take the newest history file for its target. Later ones come from the upstream again. */
export async function forgetSkippedTimelines(paths: PostgresPaths, own: number): Promise<void> {
  for (const name of await readdir(walDirectory(paths))) {
    const timeline = /^([0-9A-F]{8})\.history$/.exec(name)?.[1];
    if (timeline === undefined || Number.parseInt(timeline, 16) <= own) continue;
    const path = join(walDirectory(paths), name);
    if (await readIfPresent(path) === PLACEHOLDER) await removeDurably(path);
  }
}

/** pg_wal, by the link where there is a WAL volume. */
export function walDirectory(paths: PostgresPaths): string {
  return join(paths.pgdata, 'pg_wal');
}

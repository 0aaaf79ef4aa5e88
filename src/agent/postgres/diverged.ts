/**
 * WAL that a former primary wrote and its successor never saw (I26). A rewind throws it away, so it is counted and kept first: what an
 * asynchronous failover lost can then be seen, and looked into with pg_waldump.
 */
import { copyFile, mkdir, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isErrno, syncDirectory, unlessAbsent } from '../files.js';
import { walDirectory } from './history.js';
import type { PostgresPaths, PresentDataDirectory, WalEnd } from './types.js';
import { segmentBefore, segmentFileName, segmentOf } from '../core/lsn.js';
import type { Fork, Lsn } from '../core/types.js';

/** The first segments after the fork; more than this is a database, not a loss. */
const MOST_SEGMENTS = 16;
const MOST_COPIES = 2;

export interface Diverged {
  readonly divergedBytes: bigint;
  readonly savedTo: string | null;
}

/** `sourceHistory`: the forks that led to the source's timeline. */
export async function saveDiverged(paths: PostgresPaths, data: PresentDataDirectory, end: WalEnd, sourceHistory: readonly Fork[]): Promise<Diverged> {
  const fork = divergence(data, sourceHistory);
  if (fork === null || end.lsn <= fork.lsn) return { divergedBytes: 0n, savedTo: null };
  const folder = join(dirname(paths.pgdata), 'pg_wal.diverged');
  const savedTo = join(folder, new Date().toISOString().replace(/[-:.]/g, ''));
  await mkdir(savedTo, { recursive: true, mode: 0o700 });
  for (const name of segmentNames(data, fork.lsn, end)) await copyIfPresent(join(walDirectory(paths), name), join(savedTo, name));
  await syncDirectory(savedTo);
  const copies = (await readdir(folder).catch(unlessAbsent) ?? []).sort().reverse();
  for (const copy of copies.slice(MOST_COPIES)) await rm(join(folder, copy), { recursive: true });
  return { divergedBytes: end.lsn - fork.lsn, savedTo };
}

/** Where the two histories part: on the last timeline they share, wherever one of them left it first, or where both left it for different ones. */
function divergence(data: PresentDataDirectory, sourceHistory: readonly Fork[]): Fork | null {
  const mine = [...data.history, { timeline: data.timeline, lsn: null }];
  let shared: Fork | null = null;
  for (const [i, { timeline, lsn }] of mine.entries()) {
    const theirs = sourceHistory[i];
    if (theirs?.timeline !== timeline) return shared;
    if (theirs.lsn !== lsn) return { timeline, lsn: earlier(lsn, theirs.lsn) };
    shared = { timeline, lsn };
  }
  return null;
}

function earlier(a: Lsn | null, b: Lsn): Lsn {
  return a === null || b < a ? b : a;
}

function segmentNames(data: PresentDataDirectory, fork: Lsn, end: WalEnd): string[] {
  const { segmentSize } = data.control;
  const first = segmentOf(fork, segmentSize);
  const last = segmentBefore(end.lsn, segmentSize);
  const names: string[] = [];
  for (let segment = first; segment <= last && names.length < MOST_SEGMENTS; segment++) {
    names.push(segmentFileName(end.timeline, segment, segmentSize));
  }
  return names;
}

/** A segment of an older timeline's name may be missing; the copy is for people, and a gap in it must not stop the rewind. */
async function copyIfPresent(from: string, to: string): Promise<void> {
  await copyFile(from, to).catch((error: unknown) => {
    if (!isErrno(error, 'ENOENT')) throw error;
  });
}

/**
 * No hole in the archive at a failover (I27). What a standby has streamed is marked as archived, because archiving is its primary's business;
 * when that primary's archive was down, nobody would ever push it. So who is promoted marks every complete segment before the fork as waiting
 * again: PostgreSQL's own archiver pushes them, and keeps them until it has. One that the archive has already is no error, as long as it is the same.
 */
import { readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readControlData } from './controldata.js';
import { newestHistory, walDirectory } from './history.js';
import type { PostgresPaths } from './types.js';
import { parseSegmentFileName, segmentOf } from '../core/lsn.js';
import type { Fork } from '../core/types.js';
import { isErrno, syncDirectory } from '../files.js';

/**
 * Before the first checkpoint on the new timeline, which may remove what is marked as archived. Resolves to what waits now. Can be repeated:
 * after a crash only the history files tell that there was a promotion, because the control file learns of it at that checkpoint.
 */
export async function archiveAncestors(paths: PostgresPaths): Promise<string[]> {
  const { segmentSize } = await readControlData(paths);
  const forks = await newestHistory(paths);
  const names = ancestorsIn(await readdir(walDirectory(paths)), forks, segmentSize);
  const status = join(walDirectory(paths), 'archive_status');
  for (const name of names) {
    await rename(join(status, `${name}.done`), join(status, `${name}.ready`)).catch(async (error: unknown) => {
      if (!isErrno(error, 'ENOENT')) throw error;
      await writeFile(join(status, `${name}.ready`), '', { mode: 0o600 });
    });
  }
  if (names.length > 0) await syncDirectory(status);
  return names;
}

/** Whole segments of the timelines that led here, before they were left, and the history files of those timelines. Never a `.partial` one. */
export function ancestorsIn(files: readonly string[], forks: readonly Fork[], segmentSize: number): string[] {
  return files.filter((name) => {
    const history = /^([0-9A-F]{8})\.history$/.exec(name)?.[1];
    if (history !== undefined) return forks.some((fork) => fork.timeline === Number.parseInt(history, 16));
    const segment = parseSegmentFileName(name, segmentSize);
    const fork = segment && forks.find(({ timeline }) => timeline === segment.timeline);
    return segment !== undefined && fork !== undefined && segment.segment < segmentOf(fork.lsn, segmentSize);
  }).sort();
}

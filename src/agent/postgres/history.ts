/** Timeline history files: by which forks a timeline came to be. */
import { join } from 'node:path';
import { readIfPresent } from './files.js';
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

/** pg_wal, by the link where there is a WAL volume. */
export function walDirectory(paths: PostgresPaths): string {
  return join(paths.pgdata, 'pg_wal');
}

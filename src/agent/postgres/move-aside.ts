/**
 * Makes room for a new data directory. Data is renamed, never deleted, and the newest such copy is kept (I18); only what an unfinished
 * initdb, restore or clone left is deleted, because it never held anybody's data and would otherwise push out the copy that did.
 */
import { lstat, readdir, readlink, rename, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Logger } from 'pino';
import { entriesOf, syncDirectory, unlessAbsent } from '../files.js';
import { forgetIncarnation } from './identity.js';
import { isLockFree } from './lock.js';
import { forgetWork, unfinishedWork } from './marker.js';
import type { PostgresPaths } from './types.js';

/** Afterwards PGDATA, the WAL directory and the tablespaces are empty or absent. Can be repeated after a crash at any point. */
export async function moveAside(paths: PostgresPaths, log: Logger): Promise<{ movedTo: string | null }> {
  if (!await isLockFree(paths)) throw new Error(`PostgreSQL still runs on ${paths.pgdata}: it cannot be moved aside`);
  const unfinished = await unfinishedWork(paths);
  const directories = [paths.pgdata, ...outsideOf(paths)];
  let movedTo: string | null = null;
  if (unfinished !== undefined && unfinished !== 'rewind') {
    log.info({ work: unfinished, directories }, 'deleting what an unfinished attempt left');
    for (const directory of directories) await empty(directory);
  } else {
    const stamp = new Date().toISOString().replace(/[-:.]/g, '');
    for (const directory of directories) {
      const aside = await renameIfFilled(directory, stamp);
      if (directory === paths.pgdata) movedTo = aside;
    }
    if (movedTo !== null) log.warn({ movedTo }, 'moved the data directory aside');
    await repairLinks(paths);
    for (const directory of directories) await pruneCopies(directory, log);
  }
  await forgetIncarnation(paths);
  await forgetWork(paths);
  return { movedTo };
}

/** Before initdb or a restore: what is left of an unfinished one goes; data is refused. */
export async function removeUnfinished(paths: PostgresPaths, log: Logger): Promise<void> {
  const entries = await entriesOf(paths.pgdata) ?? [];
  const unfinished = await unfinishedWork(paths);
  if (entries.length > 0 && (unfinished === undefined || unfinished === 'rewind')) {
    throw new Error(`${paths.pgdata} is not empty and nothing says that it is an unfinished initdb, restore or clone; move it aside first`);
  }
  // Without data, what lies in the WAL directory or in a tablespace belongs to data that was moved aside before a crash.
  await moveAside(paths, log);
}

function outsideOf(paths: PostgresPaths): string[] {
  return [...(paths.walDir === undefined ? [] : [paths.walDir]), ...Object.values(paths.tablespaces)];
}

async function empty(directory: string): Promise<void> {
  for (const name of await entriesOf(directory) ?? []) await rm(join(directory, name), { recursive: true });
}

async function renameIfFilled(directory: string, stamp: string): Promise<string | null> {
  const entries = await entriesOf(directory);
  if (entries === undefined || entries.length === 0) return null;
  const aside = `${directory}.${stamp}`;
  await rename(directory, aside);
  await syncDirectory(dirname(directory));
  return aside;
}

/** Where `directory` was renamed to before; newest first. */
async function copiesOf(directory: string): Promise<string[]> {
  const parent = dirname(directory);
  const siblings = await readdir(parent).catch(unlessAbsent) ?? [];
  return siblings
    .filter((name) => name.startsWith(`${basename(directory)}.`) && /\.\d{8}T\d{9}Z$/.test(name))
    .sort().reverse()
    .map((name) => join(parent, name));
}

/** The copy keeps its own WAL and tablespaces: started by a person, it must not write into its successor's. */
async function repairLinks(paths: PostgresPaths): Promise<void> {
  const [copy] = await copiesOf(paths.pgdata);
  if (copy === undefined) return;
  const tablespaces = (await readdir(join(copy, 'pg_tblspc')).catch(unlessAbsent) ?? []).map((name) => join(copy, 'pg_tblspc', name));
  const successorOf = new Map<string, string>();
  for (const directory of outsideOf(paths)) {
    const [moved] = await copiesOf(directory);
    if (moved !== undefined) successorOf.set(directory, moved);
  }
  for (const link of [join(copy, 'pg_wal'), ...tablespaces]) {
    const target = successorOf.get(await readlinkIfLink(link) ?? '');
    if (target === undefined) continue;
    await rm(link);
    await symlink(target, link);
  }
}

async function readlinkIfLink(path: string): Promise<string | undefined> {
  const found = await lstat(path).catch(unlessAbsent);
  return found?.isSymbolicLink() ? readlink(path) : undefined;
}

async function pruneCopies(directory: string, log: Logger): Promise<void> {
  for (const copy of (await copiesOf(directory)).slice(1)) {
    log.info({ copy }, 'deleting an older copy of the data');
    await rm(copy, { recursive: true });
  }
}

/** Tablespaces as a base backup leaves them. */
import { mkdir, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { readControlData } from './controldata.js';
import type { PostgresPaths } from './types.js';

/**
 * A tablespace that is created while a base backup is under way has a link in the copy and nothing behind it: all that lies in it comes with the
 * log. Without its directory it would be taken for a volume that was lost. Only right after the copy was made.
 */
export async function completeTablespaces(paths: PostgresPaths): Promise<void> {
  const [{ catalogVersion }, major] = await Promise.all([readControlData(paths), readFile(join(paths.pgdata, 'PG_VERSION'), 'utf8')]);
  const links = join(paths.pgdata, 'pg_tblspc');
  for (const link of await readdir(links)) {
    const target = await readlink(join(links, link));
    if (!Object.values(paths.tablespaces).includes(target)) continue;
    // PostgreSQL's own name for it; replaying CREATE TABLESPACE takes one that is there.
    await mkdir(join(target, `PG_${major.trim()}_${catalogVersion}`), { recursive: true, mode: 0o700 });
  }
}

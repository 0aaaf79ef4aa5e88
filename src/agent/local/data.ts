/** The data directory on disk as `decide` wants it: with the true end of its WAL, not the last checkpoint's (I38). */
import type { DataDirectory, Lsn } from '../core/types.js';
import { messageOf } from '../files.js';
import { readDataDirectory } from '../postgres/controldata.js';
import { readHistory } from '../postgres/history.js';
import { isFresh } from '../postgres/marker.js';
import type { PostgresPaths } from '../postgres/types.js';
import { readWalEnd } from '../postgres/wal-end.js';

/** Only while the lock is free. `known`: a position that this process has seen it reach, from which reading may start. */
export async function readData(paths: PostgresPaths, major: string, known: Lsn | null): Promise<DataDirectory> {
  try {
    const data = await readDataDirectory(paths, major);
    switch (data.kind) {
      case 'absent':
        return { kind: 'absent' };
      case 'incomplete':
      case 'poisoned':
        return { kind: data.kind, why: data.why };
      case 'unreadable':
        return { kind: 'unusable', code: 'unreadable', why: data.why };
      case 'otherMajor':
        return { kind: 'unusable', code: 'otherMajor', why: `the data directory is of PostgreSQL ${data.major}, but the programs in the image are of ${major}` };
      case 'present': {
        const from = known !== null && known >= data.control.redoLsn ? known : undefined;
        const end = await readWalEnd(paths, from);
        const history = await readHistory(paths, end.timeline);
        const { systemId, wasPrimary, incarnation } = data;
        return { kind: 'present', systemId, wasPrimary, incarnation, fresh: await isFresh(paths, systemId), end: { timeline: end.timeline, lsn: end.lsn, history } };
      }
    }
  } catch (error) {
    return { kind: 'unusable', code: 'unreadable', why: `the data directory cannot be read: ${messageOf(error)}` };
  }
}

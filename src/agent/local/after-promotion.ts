/** What remains of a takeover once PostgreSQL takes writes. It is off the critical path, and none of it is left out because another part failed. */
import type { Logger } from 'pino';
import type { LocalSettings } from './settings.js';
import { messageOf } from '../files.js';
import { archiveAncestors } from '../postgres/ancestors.js';
import { checkpoint } from '../postgres/local.js';
import type { PostgresPaths } from '../postgres/types.js';
import { clearHandover } from '../postgres/wal-handover.js';

type Settings = Pick<LocalSettings, 'stanza' | 'problem'>;

/** `configure`: writes the configuration of a primary. */
export async function completePromotion(paths: PostgresPaths, settings: Settings, configure: () => Promise<unknown>, log: Logger): Promise<void> {
  const part = (what: string, work: () => Promise<unknown>) => work().catch((error: unknown) => log.error({ err: error }, `after the promotion: ${what} failed`));
  // Before a checkpoint, which may remove what is marked as archived.
  await closeArchiveHole(paths, settings);
  await part('writing the configuration of a primary', configure);
  await part('clearing what was handed over', () => clearHandover(paths));
  // Without it nobody can rewind to this timeline (I24).
  await part('the checkpoint', () => checkpoint(paths));
}

/** A hole in the archive is told, and is no reason to refuse service (I27). */
export async function closeArchiveHole(paths: PostgresPaths, { stanza, problem }: Settings): Promise<void> {
  if (stanza() === null) return;
  try {
    await archiveAncestors(paths);
    problem('ArchiveHole', null);
  } catch (error) {
    problem('ArchiveHole', `what earlier timelines left unarchived may be missing in the archive; make a full backup: ${messageOf(error)}`);
  }
}

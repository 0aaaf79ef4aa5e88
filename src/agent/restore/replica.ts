/**
 * A replica's copy out of the cluster's own backups, so that the primary need not be read from end to end for each: the newest backup that fits,
 * and the log that has been archived since. From there the replica streams. Whatever is in the way of it, the copy is made by another method.
 */
import { contentsOf, tablespacesOf, type Stanza, type Tablespace } from './catalog.js';
import { chooseCopy, type CopyPlan } from './copy-plan.js';
import { recoverWithin } from './recover.js';
import { fetchBackup, refuseHomeless } from './restore.js';
import type { CloneSource, CopyMethod } from '../postgres/clone.js';
import { parseHistory } from '../postgres/history.js';
import { ensurePrivateDirectory } from '../postgres/initdb.js';
import type { PostgresPaths } from '../postgres/types.js';
import { historyOf, identityOf, withUpstream } from '../postgres/upstream.js';

/** In milliseconds. A repo that does not even tell what it has holds up nobody for longer. */
const ASKED_FOR = 10_000;

/** `configured`: PostgreSQL's configuration is written. */
export function copyFromRepo(stanza: Stanza, configured: () => Promise<unknown>): CopyMethod {
  return {
    name: 'pgbackrest restore',
    async copy(paths, source, log, signal) {
      const { plan, tablespaces } = await ask(paths, stanza, source, signal);
      refuseHomeless(paths, tablespaces);
      await configured();
      log.info({ backup: plan.label, repo: plan.repo }, 'restoring');
      await fetchBackup(paths, stanza, plan, tablespaces, log, signal);
      // Where the replay of CREATE TABLESPACE finds nothing, it fails.
      for (const directory of Object.values(paths.tablespaces)) await ensurePrivateDirectory(directory);
      await recoverWithin(paths, stanza, plan, log, signal);
    },
  };
}

/** What the repo has to give, where it says so soon. */
async function ask(paths: PostgresPaths, stanza: Stanza, source: CloneSource, signal: AbortSignal): Promise<{ plan: CopyPlan; tablespaces: readonly Tablespace[] }> {
  const limit = AbortSignal.timeout(ASKED_FOR);
  const asking = AbortSignal.any([signal, limit]);
  try {
    const plan = await planFor(paths, stanza, source, asking);
    return { plan, tablespaces: await tablespacesOf(stanza, plan, asking) };
  } catch (error) {
    throw limit.aborted && !signal.aborted ? new Error(`the repo has not told within ${ASKED_FOR / 1000} s what it has`) : error;
  }
}

async function planFor(paths: PostgresPaths, stanza: Stanza, { upstream, systemId }: CloneSource, signal: AbortSignal): Promise<CopyPlan> {
  const leader = await withUpstream(paths, upstream, 'replication', signal, async (client) => {
    const { timeline } = await identityOf(client);
    const { rows: [shown] } = await client.query<{ wal_segment_size: string }>('SHOW wal_segment_size');
    return { systemId, timeline, forks: parseHistory(await historyOf(client, timeline)), segmentSize: bytesOf(shown!.wal_segment_size) };
  });
  const plan = chooseCopy(await contentsOf(stanza, signal), leader);
  if ('unfit' in plan) throw new Error(plan.unfit);
  return plan;
}

/** As PostgreSQL shows it: `16MB`, `1GB`. */
function bytesOf(shown: string): number {
  const [, count, unit] = /^(\d+)(MB|GB)$/.exec(shown) ?? [];
  if (count === undefined) throw new Error(`wal_segment_size is "${shown}"`);
  return Number(count) * (unit === 'GB' ? 2 ** 30 : 2 ** 20);
}

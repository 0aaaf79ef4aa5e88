/** Waits for the local server to leave recovery. */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { localClient } from './local.js';
import type { PostgresPaths } from './types.js';

const POLL_INTERVAL = 10;

/** Resolves with the timeline that the server now writes; rejects with the signal's reason. */
export async function waitForPromotion(paths: PostgresPaths, signal: AbortSignal): Promise<{ timeline: number }> {
  for (;;) {
    const client = localClient(paths, 'postgres', { query_timeout: 2000 });
    try {
      await client.connect();
      return await pollTimeline(client, signal);
    } catch {
      // Not consistent yet, or the connection broke: only the signal ends the wait.
      signal.throwIfAborted();
    } finally {
      void client.end().catch(() => undefined);
    }
    await pause(signal);
  }
}

async function pollTimeline(client: pg.Client, signal: AbortSignal): Promise<{ timeline: number }> {
  for (;;) {
    const { rows } = await client.query<{ file: string | null }>(
      'SELECT CASE WHEN NOT pg_is_in_recovery() THEN pg_walfile_name(pg_current_wal_lsn()) END AS file',
    );
    const file = rows[0]?.file;
    if (file) return { timeline: Number.parseInt(file.slice(0, 8), 16) };
    await pause(signal);
  }
}

async function pause(signal: AbortSignal): Promise<void> {
  await sleep(POLL_INTERVAL, undefined, { signal }).catch(() => undefined);
  signal.throwIfAborted();
}

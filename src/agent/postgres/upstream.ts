/** Asks another instance's server who it is, before anything here is changed for its sake (I19). */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import type { PostgresPaths, Upstream } from './types.js';
import { SYSTEM_ROLES } from '../../contract/secrets.js';

export async function withUpstream<T>(
  paths: PostgresPaths, upstream: Upstream, role: keyof typeof SYSTEM_ROLES, signal: AbortSignal, work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const file = (name: string) => readFile(join(paths.certificatesDir, name), 'utf8');
  const client = new pg.Client({
    host: upstream.hostaddr ?? upstream.host,
    port: upstream.port,
    user: SYSTEM_ROLES[role],
    database: 'postgres',
    ...(role === 'replication' ? { replication: 'true' } : {}),
    // The name is verified, not the address that was dialled.
    ssl: { ca: await file('server-ca.crt'), cert: await file(`${role}.crt`), key: await file(`${role}.key`), servername: upstream.serverName ?? upstream.host },
    connectionTimeoutMillis: 3000,
    query_timeout: 5000,
  });
  client.on('error', () => undefined);
  try {
    signal.throwIfAborted();
    await client.connect();
    return await work(client);
  } finally {
    void client.end().catch(() => undefined);
  }
}

/** The system id of whoever answers there. */
export async function identifySystem(paths: PostgresPaths, upstream: Upstream, signal: AbortSignal): Promise<string> {
  return withUpstream(paths, upstream, 'replication', signal, async (client) => (await identityOf(client)).systemId);
}

/** Who it is, and on which timeline. Over a connection of the role `replication`. */
export async function identityOf(client: pg.Client): Promise<{ systemId: string; timeline: number }> {
  // The timeline is an int8 since PostgreSQL 17, which comes as a string.
  const { rows: [found] } = await client.query<{ systemid: string; timeline: number | string }>('IDENTIFY_SYSTEM');
  return { systemId: found!.systemid, timeline: Number(found!.timeline) };
}

/** The history file of its timeline; empty for the first. Over a connection of the role `replication`. */
export async function historyOf(client: pg.Client, timeline: number): Promise<string> {
  if (timeline === 1) return '';
  const { rows } = await client.query<{ content: Buffer }>(`TIMELINE_HISTORY ${timeline}`);
  return rows[0]!.content.toString();
}

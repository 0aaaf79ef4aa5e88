/** SQL on the local server, as the superuser, over its socket: the only way in for that role (architecture.md 16). */
import pg from 'pg';
import type { PostgresPaths } from './types.js';

const SETTINGS = {
  // Our own statements do not belong in the user's log, whatever it is set to log: some carry password verifiers.
  log_statement: 'none',
  log_min_duration_statement: '-1',
  log_min_error_statement: 'panic',
  // A duty that waits for a lock of somebody's would wait in silence; one that fails is told, and tried again.
  lock_timeout: '5s',
  statement_timeout: '60s',
};

export function localClient(paths: PostgresPaths, database: string, more: pg.ClientConfig = {}): pg.Client {
  const client = new pg.Client({
    host: paths.socketDir,
    port: paths.port,
    user: 'postgres',
    database,
    application_name: 'cdk8s-postgres-agent',
    options: Object.entries(SETTINGS).map(([name, value]) => `-c ${name}=${value}`).join(' '),
    connectionTimeoutMillis: 5000,
    ...more,
  });
  // The server may go at any time; whoever has a query open hears of it there.
  client.on('error', () => undefined);
  return client;
}

export async function withLocal<T>(paths: PostgresPaths, database: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = localClient(paths, database);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** After a promotion, off the critical path: pg_rewind reads the new timeline from the source's last checkpoint (I24). */
export async function checkpoint(paths: PostgresPaths): Promise<void> {
  await withLocal(paths, 'postgres', async (client) => {
    await client.query('SET statement_timeout = 0');
    await client.query('CHECKPOINT');
  });
}

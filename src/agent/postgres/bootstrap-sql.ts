/** The cluster's own roles (architecture.md 16). They have no password: a client certificate of the cluster's CA is their only way in. */
import pg from 'pg';
import { withLocal } from './local.js';
import type { PostgresPaths } from './types.js';
import { SYSTEM_ROLES } from '../../contract/secrets.js';

/** What pg_rewind calls on its source, by PostgreSQL's own documentation of it. */
const REWIND_FUNCTIONS = [
  'pg_ls_dir(text, boolean, boolean)',
  'pg_stat_file(text, boolean)',
  'pg_read_binary_file(text)',
  'pg_read_binary_file(text, bigint, bigint, boolean)',
];

/** On the primary; can be repeated. The grants are per database, and pg_rewind connects to `postgres`. */
export async function ensureSystemRoles(paths: PostgresPaths): Promise<void> {
  await withLocal(paths, 'postgres', async (client) => {
    await ensureRole(client, SYSTEM_ROLES.replication, 'LOGIN REPLICATION PASSWORD NULL');
    await ensureRole(client, SYSTEM_ROLES.rewind, 'LOGIN PASSWORD NULL');
    for (const signature of REWIND_FUNCTIONS) {
      await client.query(`GRANT EXECUTE ON FUNCTION pg_catalog.${signature} TO ${pg.escapeIdentifier(SYSTEM_ROLES.rewind)}`);
    }
  });
}

export async function ensureRole(client: pg.Client, name: string, attributes: string): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [name]);
  await client.query(`${rowCount === 0 ? 'CREATE' : 'ALTER'} ROLE ${pg.escapeIdentifier(name)} ${attributes}`);
}

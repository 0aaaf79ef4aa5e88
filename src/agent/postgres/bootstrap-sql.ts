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

/** On the primary; can be repeated, and writes only what is not so: each write would be archived. The grants are per database, and pg_rewind connects to `postgres`. */
export async function ensureSystemRoles(paths: PostgresPaths): Promise<void> {
  await withLocal(paths, 'postgres', async (client) => {
    await ensureRole(client, SYSTEM_ROLES.replication, { replication: true });
    await ensureRole(client, SYSTEM_ROLES.rewind, { replication: false });
    for (const signature of REWIND_FUNCTIONS) {
      const name = `pg_catalog.${signature}`;
      const { rows: [may] } = await client.query<{ yes: boolean }>("SELECT has_function_privilege($1, $2, 'EXECUTE') AS yes", [SYSTEM_ROLES.rewind, name]);
      if (!may!.yes) await client.query(`GRANT EXECUTE ON FUNCTION ${name} TO ${pg.escapeIdentifier(SYSTEM_ROLES.rewind)}`);
    }
  });
}

/** One that logs in by its certificate alone. */
export async function ensureRole(client: pg.Client, name: string, { replication }: { readonly replication: boolean }): Promise<void> {
  const { rows: [right] } = await client.query<{ yes: boolean }>(
    `SELECT rolcanlogin AND rolpassword IS NULL AND rolreplication = $2 AND NOT (rolsuper OR rolcreatedb OR rolcreaterole OR rolbypassrls) AS yes
     FROM pg_authid WHERE rolname = $1`, [name, replication],
  );
  if (right?.yes === true) return;
  const attributes = `NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS ${replication ? '' : 'NO'}REPLICATION LOGIN PASSWORD NULL`;
  await client.query(`${right === undefined ? 'CREATE' : 'ALTER'} ROLE ${pg.escapeIdentifier(name)} ${attributes}`);
}

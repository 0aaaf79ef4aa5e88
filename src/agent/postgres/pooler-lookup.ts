/** How pgBouncer finds out a user's password verifier: a role of its own that may call one function, and nothing else. */
import pg from 'pg';
import { ensureRole } from './bootstrap-sql.js';
import { withLocal } from './local.js';
import type { PostgresPaths } from './types.js';
import { SYSTEM_ROLES } from '../../contract/secrets.js';

/** Roles belong to all databases, so one that every cluster has is enough, and users' own are left alone. */
export const LOOKUP_DATABASE = 'postgres';
const SCHEMA = 'cdk8s_pooler';
export const LOOKUP_QUERY = `SELECT name, verifier FROM ${SCHEMA}.user_lookup($1)`;

/**
 * It runs with the superuser's rights, so every name in it is qualified by the pinned search_path. Left out are superusers and replication,
 * who have their own ways in; whoever may not log in, or no longer; and the cluster's own roles, who have certificates.
 */
const BODY = `
  SELECT rolname::text, rolpassword
  FROM pg_authid
  WHERE rolname = wanted AND rolcanlogin AND NOT rolsuper AND NOT rolreplication
    AND (rolvaliduntil IS NULL OR rolvaliduntil > now())
    AND rolname !~ '^(pg_|cdk8s_)'
`;

/**
 * On the primary; can be repeated, and writes only what is not so. Where there is no pooler any more, its role may not log in: its certificate
 * lives on. Tells whether anything was done.
 */
export async function reconcilePoolerLookup(paths: PostgresPaths, wanted: boolean): Promise<boolean> {
  return withLocal(paths, LOOKUP_DATABASE, async (client) => {
    if (!wanted) return forbidLogin(client);
    if (await isInstalled(client)) return false;
    const role = pg.escapeIdentifier(SYSTEM_ROLES.pooler);
    await client.query('BEGIN');
    await ensureRole(client, SYSTEM_ROLES.pooler, { replication: false });
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${SCHEMA}`);
    await client.query(`REVOKE ALL ON SCHEMA ${SCHEMA} FROM PUBLIC`);
    await client.query(`GRANT USAGE ON SCHEMA ${SCHEMA} TO ${role}`);
    // Anew, so that no right on it is left which somebody has granted.
    await client.query(`DROP FUNCTION IF EXISTS ${SCHEMA}.user_lookup(text)`);
    await client.query(`CREATE FUNCTION ${SCHEMA}.user_lookup(wanted text) RETURNS TABLE (name text, verifier text)
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS ${pg.escapeLiteral(BODY)}`);
    await client.query(`REVOKE ALL ON FUNCTION ${SCHEMA}.user_lookup(text) FROM PUBLIC`);
    await client.query(`GRANT EXECUTE ON FUNCTION ${SCHEMA}.user_lookup(text) TO ${role}`);
    await client.query('COMMIT');
    return true;
  });
}

async function forbidLogin(client: pg.Client): Promise<boolean> {
  const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1 AND rolcanlogin', [SYSTEM_ROLES.pooler]);
  if (rowCount === 0) return false;
  await client.query(`ALTER ROLE ${pg.escapeIdentifier(SYSTEM_ROLES.pooler)} NOLOGIN`);
  return true;
}

/** Role, function and grant are what this agent would make. */
async function isInstalled(client: pg.Client): Promise<boolean> {
  const { rowCount } = await client.query(`
    SELECT FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_roles owner ON owner.oid = p.proowner, pg_roles r
    WHERE n.nspname = $1 AND p.proname = 'user_lookup' AND p.prosrc = $2 AND p.prosecdef AND owner.rolsuper
      AND p.proconfig = ARRAY['search_path=pg_catalog, pg_temp']
      AND r.rolname = $3 AND r.rolcanlogin AND NOT r.rolsuper AND NOT r.rolreplication
      AND NOT EXISTS (SELECT FROM aclexplode(p.proacl) WHERE grantee NOT IN (p.proowner, r.oid))
      AND has_function_privilege(r.oid, p.oid, 'EXECUTE') AND has_schema_privilege(r.oid, n.oid, 'USAGE')
  `, [SCHEMA, BODY, SYSTEM_ROLES.pooler]);
  return rowCount === 1;
}

/** The role of the metrics exporter: it reads PostgreSQL's own statistics and settings, and no table of anybody's. */
import pg from 'pg';
import { withLocal } from './local.js';
import type { PostgresPaths } from './types.js';
import { SYSTEM_ROLES } from '../../contract/secrets.js';

const NAME = SYSTEM_ROLES.monitoring;
/** One that the exporter keeps, one for each scrape under way, and a person who looks in its place. */
const CONNECTIONS = 5;
/** A question that takes longer than Prometheus waits is not worth the load. */
const SETTINGS: Readonly<Record<string, string>> = {
  statement_timeout: '5s',
  idle_in_transaction_session_timeout: '5s',
  default_transaction_read_only: 'on',
  search_path: 'pg_catalog',
};

interface Found {
  readonly login: boolean;
  readonly connections: number;
  readonly password: boolean;
  readonly member: boolean;
  readonly settings: string[] | null;
}

/**
 * On the primary; can be repeated, and writes only what is not so. Where metrics are off, a role that is there from before may not log in: it is
 * not dropped, because a person may have granted it something. Tells whether anything was done.
 */
export async function reconcileMonitoringRole(paths: PostgresPaths, wanted: boolean): Promise<boolean> {
  return withLocal(paths, 'postgres', async (client) => {
    const { rows: [found] } = await client.query<Found>(
      `SELECT rolcanlogin AS login, rolconnlimit AS connections, rolpassword IS NOT NULL AS password,
         EXISTS (SELECT FROM pg_auth_members WHERE member = a.oid AND roleid = 'pg_monitor'::regrole) AS member,
         (SELECT setconfig FROM pg_db_role_setting WHERE setrole = a.oid AND setdatabase = 0) AS settings
       FROM pg_authid a WHERE rolname = $1`, [NAME],
    );
    const statements = wanted ? missing(found) : found?.login === true ? [`ALTER ROLE ${NAME} NOLOGIN`] : [];
    if (statements.length === 0) return false;
    // As a whole or not at all: nobody logs in as a role that has no limits yet.
    await client.query(['BEGIN', ...statements, 'COMMIT'].join(';'));
    return true;
  });
}

function missing(found: Found | undefined): string[] {
  const attributes = `LOGIN CONNECTION LIMIT ${CONNECTIONS} PASSWORD NULL`;
  const right = found !== undefined && found.login && found.connections === CONNECTIONS && !found.password;
  return [
    ...(right ? [] : [`${found === undefined ? 'CREATE' : 'ALTER'} ROLE ${NAME} ${attributes}`]),
    ...(found?.member === true ? [] : [`GRANT pg_monitor TO ${NAME}`]),
    ...Object.entries(SETTINGS)
      .filter(([name, value]) => found?.settings?.includes(`${name}=${value}`) !== true)
      .map(([name, value]) => `ALTER ROLE ${NAME} SET ${name} = ${pg.escapeLiteral(value)}`),
  ];
}

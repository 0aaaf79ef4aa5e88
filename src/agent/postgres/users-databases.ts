/** Users, tablespaces and databases as the spec wants them. Adds and corrects, and never drops what holds data. */
import pg from 'pg';
import { withLocal } from './local.js';
import { matchesVerifier, scramVerifier } from './scram.js';
import type { PostgresPaths } from './types.js';
import { SYSTEM_ROLES } from '../../contract/secrets.js';

export interface Wanted {
  readonly users: readonly { readonly name: string; readonly password: string }[];
  readonly databases: readonly { readonly name: string; readonly owner: string }[];
}

const RESERVED: ReadonlySet<string> = new Set(['postgres', ...Object.values(SYSTEM_ROLES)]);
const id = pg.escapeIdentifier;

/** On the primary; can be repeated. `changed`: what was done, in words. */
export async function reconcileUsersAndDatabases(paths: PostgresPaths, wanted: Wanted): Promise<{ changed: string[] }> {
  return withLocal(paths, 'postgres', async (client) => {
    const changed: string[] = [];
    const say = (what: string) => changed.push(what);
    for (const user of wanted.users) await ensureUser(client, user, say);
    for (const [name, directory] of Object.entries(paths.tablespaces)) await ensureTablespace(client, name, directory, wanted.users, say);
    for (const database of wanted.databases) await ensureDatabase(client, database, say);
    return { changed };
  });
}

type Say = (what: string) => void;

async function ensureUser(client: pg.Client, { name, password }: Wanted['users'][number], say: Say): Promise<void> {
  if (RESERVED.has(name) || name.startsWith('pg_')) throw new Error(`user "${name}": that name belongs to PostgreSQL or to the cluster itself; choose another`);
  const { rows } = await client.query<{ verifier: string | null; login: boolean }>(
    'SELECT rolpassword AS verifier, rolcanlogin AS login FROM pg_authid WHERE rolname = $1', [name],
  );
  const present = rows[0];
  if (present?.login && present.verifier !== null && matchesVerifier(password, present.verifier)) return;
  const verb = present === undefined ? 'CREATE' : 'ALTER';
  await client.query(`${verb} ROLE ${id(name)} LOGIN PASSWORD ${pg.escapeLiteral(scramVerifier(password))}`);
  say(present === undefined ? `created user ${name}` : `set the password of user ${name}`);
}

async function ensureTablespace(client: pg.Client, name: string, directory: string, users: Wanted['users'], say: Say): Promise<void> {
  const { rows } = await client.query<{ at: string }>('SELECT pg_tablespace_location(oid) AS at FROM pg_tablespace WHERE spcname = $1', [name]);
  if (rows[0] === undefined) {
    await client.query(`CREATE TABLESPACE ${id(name)} LOCATION ${pg.escapeLiteral(directory)}`);
    say(`created tablespace ${name}`);
  } else if (rows[0].at !== directory) {
    throw new Error(`tablespace "${name}" lies in ${rows[0].at}, not in ${directory}; it cannot be moved while it exists`);
  }
  for (const user of users) {
    const { rows: [granted] } = await client.query<{ yes: boolean }>("SELECT has_tablespace_privilege($1, $2, 'CREATE') AS yes", [user.name, name]);
    if (!granted!.yes) await client.query(`GRANT CREATE ON TABLESPACE ${id(name)} TO ${id(user.name)}`);
  }
}

async function ensureDatabase(client: pg.Client, { name, owner }: Wanted['databases'][number], say: Say): Promise<void> {
  const { rows } = await client.query<{ owner: string }>('SELECT pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = $1', [name]);
  if (rows[0] === undefined) {
    await client.query(`CREATE DATABASE ${id(name)} OWNER ${id(owner)}`);
    say(`created database ${name}`);
  } else if (rows[0].owner !== owner) {
    await client.query(`ALTER DATABASE ${id(name)} OWNER TO ${id(owner)}`);
    say(`gave database ${name} to ${owner}`);
  }
}

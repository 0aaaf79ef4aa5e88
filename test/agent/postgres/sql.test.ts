import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { TestBed, type TestInstance } from './support/instance';
import { ensureSystemRoles } from '../../../src/agent/postgres/bootstrap-sql.js';
import { matchesVerifier, scramVerifier } from '../../../src/agent/postgres/scram.js';
import { reconcileUsersAndDatabases, type Wanted } from '../../../src/agent/postgres/users-databases.js';

let bed: TestBed;
let one: TestInstance;

beforeAll(async () => {
  bed = new TestBed();
  one = await bed.instance('one', { tablespaces: ['archive'], parameters: { log_statement: 'all', log_min_duration_statement: '0' } });
  await one.initialize();
});
afterAll(() => bed.remove());

async function logIn(user: string, password: string, database: string): Promise<string> {
  const ca = readFileSync(join(bed.certificatesDir, 'ca.crt'), 'utf8');
  const client = new pg.Client({ host: '127.0.0.1', port: one.paths.port, user, password, database, ssl: { ca, servername: 'one.test' } });
  try {
    await client.connect();
    await client.query('CREATE TABLE IF NOT EXISTS mine (id int)');
    await client.end();
    return 'ok';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('users and databases', () => {
  const wanted: Wanted = {
    users: [{ name: 'app', password: 'påss"wörd\'1' }, { name: 'we"ird', password: 'second' }],
    databases: [{ name: 'orders', owner: 'app' }, { name: 'o"dd', owner: 'we"ird' }],
  };

  test('are made as wanted, and nothing is done where nothing is missing', async () => {
    const { changed } = await reconcileUsersAndDatabases(one.paths, wanted);
    expect(changed).toEqual(['created user app', 'created user we"ird', 'created tablespace archive', 'created database orders', 'created database o"dd']);
    expect(await reconcileUsersAndDatabases(one.paths, wanted)).toEqual({ changed: [] });
    expect(await logIn('app', 'påss"wörd\'1', 'orders')).toBe('ok');
    expect(await logIn('we"ird', 'second', 'o"dd')).toBe('ok');
  });

  test('a changed password or owner is corrected', async () => {
    const { changed } = await reconcileUsersAndDatabases(one.paths, {
      users: [{ name: 'app', password: 'new' }], databases: [{ name: 'o"dd', owner: 'app' }],
    });
    expect(changed).toEqual(['set the password of user app', 'gave database o"dd to app']);
    expect(await logIn('app', 'new', 'o"dd')).toBe('ok');
    expect(await logIn('app', 'påss"wörd\'1', 'orders')).toMatch(/authentication failed/);
  });

  test('a user may put tables into the tablespaces', async () => {
    expect(await one.sql("SELECT has_tablespace_privilege('app', 'archive', 'CREATE') AS may")).toEqual([{ may: true }]);
    expect(await one.sql("SELECT pg_tablespace_location(oid) AS at FROM pg_tablespace WHERE spcname = 'archive'"))
      .toEqual([{ at: one.paths.tablespaces.archive }]);
  });

  test('names that belong to the cluster are refused', async () => {
    for (const name of ['postgres', 'cdk8s_replication', 'pg_monitor']) {
      await expect(reconcileUsersAndDatabases(one.paths, { users: [{ name, password: 'x' }], databases: [] })).rejects.toThrow(/choose another/);
    }
  });

  test('neither passwords nor verifiers reach the server log, even when it logs every statement', async () => {
    await one.sql('SELECT 1');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(one.lines.filter((line) => /SCRAM-SHA-256|påss|PASSWORD/.test(line))).toEqual([]);
  });
});

describe('verifiers', () => {
  test('are those that PostgreSQL makes', async () => {
    await one.sql("CREATE ROLE reference PASSWORD 'correct horse'");
    const [{ rolpassword }] = await one.sql("SELECT rolpassword FROM pg_authid WHERE rolname = 'reference'") as [{ rolpassword: string }];
    expect(matchesVerifier('correct horse', rolpassword)).toBe(true);
    expect(matchesVerifier('correct Horse', rolpassword)).toBe(false);
  });

  test('differ each time, and match only their password', () => {
    const verifier = scramVerifier('secret');
    expect(scramVerifier('secret')).not.toBe(verifier);
    expect(matchesVerifier('secret', verifier)).toBe(true);
    expect(matchesVerifier('Secret', verifier)).toBe(false);
    expect(matchesVerifier('secret', 'md5abc')).toBe(false);
  });

  test('are not counted up to where a user has named another number of iterations, which would stop the agent for hours', () => {
    const endless = scramVerifier('secret').replace('$4096:', '$2147483647:');
    expect(matchesVerifier('secret', endless)).toBe(false);
  });
});

test('the roles of the cluster itself have no password, and making them again writes nothing', async () => {
  const roles = () => one.sql("SELECT rolname, rolpassword, rolsuper, rolreplication FROM pg_authid WHERE rolname LIKE 'cdk8s\\_%' ORDER BY 1");
  const before = await roles();
  expect(before).toEqual([
    { rolname: 'cdk8s_replication', rolpassword: null, rolsuper: false, rolreplication: true },
    { rolname: 'cdk8s_rewind', rolpassword: null, rolsuper: false, rolreplication: false },
  ]);
  // A row that is written anew has another transaction's number.
  const versions = () => one.sql(`SELECT rolname AS name, xmin::text FROM pg_authid WHERE rolname LIKE 'cdk8s\\_%'
    UNION ALL SELECT proname, xmin::text FROM pg_proc WHERE proname IN ('pg_ls_dir', 'pg_stat_file', 'pg_read_binary_file') ORDER BY 1, 2`);
  const found = await versions();
  await ensureSystemRoles(one.paths);
  expect(await versions()).toEqual(found);
  expect(await roles()).toEqual(before);
  await one.sql("ALTER ROLE cdk8s_rewind SUPERUSER PASSWORD 'known'; REVOKE EXECUTE ON FUNCTION pg_read_binary_file(text) FROM cdk8s_rewind");
  await ensureSystemRoles(one.paths);
  expect(await roles()).toEqual(before);
  expect(await one.sql("SELECT has_function_privilege('cdk8s_rewind', 'pg_read_binary_file(text)', 'EXECUTE') AS yes")).toEqual([{ yes: true }]);
});

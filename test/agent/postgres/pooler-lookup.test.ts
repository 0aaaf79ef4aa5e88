import { TestBed, type TestInstance } from './support/instance';
import { withLocal } from '../../../src/agent/postgres/local.js';
import { LOOKUP_DATABASE, LOOKUP_QUERY, reconcilePoolerLookup } from '../../../src/agent/postgres/pooler-lookup.js';

let bed: TestBed;
let one: TestInstance;

beforeAll(async () => {
  bed = new TestBed();
  one = await bed.instance('one');
  await one.initialize();
  await one.sql(`
    CREATE ROLE app LOGIN PASSWORD 'secret'; CREATE ROLE boss LOGIN SUPERUSER PASSWORD 'secret'; CREATE ROLE copier LOGIN REPLICATION PASSWORD 'secret';
    CREATE ROLE idle NOLOGIN PASSWORD 'secret'; CREATE ROLE former LOGIN PASSWORD 'secret' VALID UNTIL '2020-01-01';
    CREATE ROLE lasting LOGIN PASSWORD 'secret' VALID UNTIL 'infinity'; CREATE ROLE cdk8s_other LOGIN PASSWORD 'secret'`);
});
afterAll(() => bed.remove());

async function as(role: string, query: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  return withLocal(one.paths, LOOKUP_DATABASE, async (client) => {
    await client.query(`SET SESSION AUTHORIZATION ${role}`);
    return (await client.query(query, values)).rows as Record<string, unknown>[];
  });
}
const found = async (user: string) => (await as('cdk8s_pooler', LOOKUP_QUERY, [user])).map(({ name }) => name);

test('role and function are made once, and again where somebody has changed them', async () => {
  expect(await reconcilePoolerLookup(one.paths, true)).toBe(true);
  expect(await reconcilePoolerLookup(one.paths, true)).toBe(false);
  await one.sql('GRANT EXECUTE ON FUNCTION cdk8s_pooler.user_lookup(text) TO app');
  expect(await reconcilePoolerLookup(one.paths, true)).toBe(true);
  expect(await reconcilePoolerLookup(one.paths, true)).toBe(false);
  await one.sql('ALTER ROLE cdk8s_pooler SUPERUSER');
  expect(await reconcilePoolerLookup(one.paths, true)).toBe(true);
  expect(await one.sql("SELECT rolsuper, rolpassword FROM pg_authid WHERE rolname = 'cdk8s_pooler'")).toEqual([{ rolsuper: false, rolpassword: null }]);
});

test('who may log in with a password is found, with the verifier', async () => {
  const [{ verifier }] = await as('cdk8s_pooler', LOOKUP_QUERY, ['app']);
  expect(verifier).toMatch(/^SCRAM-SHA-256\$/);
  expect(await found('lasting')).toEqual(['lasting']);
});

test.each(['postgres', 'boss', 'copier', 'idle', 'former', 'cdk8s_other', 'cdk8s_pooler', 'cdk8s_replication', 'pg_monitor', 'nobody'])('%s is not found', async (user) => {
  expect(await found(user)).toEqual([]);
});

test('the pooler\'s role may call that and read nothing else, and nobody else may call it', async () => {
  await expect(as('cdk8s_pooler', 'SELECT * FROM pg_authid')).rejects.toThrow(/permission denied/);
  await expect(as('app', LOOKUP_QUERY, ['app'])).rejects.toThrow(/permission denied/);
  await expect(as('cdk8s_pooler', 'CREATE TABLE cdk8s_pooler.pg_authid ()')).rejects.toThrow(/permission denied/);
});

test('a table of the caller\'s cannot take the place of the catalog', async () => {
  const rows = await withLocal(one.paths, LOOKUP_DATABASE, async (client) => {
    await client.query('SET SESSION AUTHORIZATION cdk8s_pooler');
    await client.query("CREATE TEMP TABLE pg_authid AS SELECT 'boss'::name AS rolname, 'x' AS rolpassword, true AS rolcanlogin, false AS rolsuper, false AS rolreplication, NULL::timestamptz AS rolvaliduntil");
    await client.query('SET search_path = pg_temp, pg_catalog');
    return (await client.query(LOOKUP_QUERY, ['boss'])).rows as unknown[];
  });
  expect(rows).toEqual([]);
});

test('the role of a pooler that is no longer wanted may not log in, and a pooler that comes back makes it right again', async () => {
  const login = async () => (await one.sql("SELECT rolcanlogin AS login FROM pg_roles WHERE rolname = 'cdk8s_pooler'"))[0]!.login;
  expect(await reconcilePoolerLookup(one.paths, false)).toBe(true);
  expect(await login()).toBe(false);
  expect(await reconcilePoolerLookup(one.paths, false)).toBe(false);
  expect(await reconcilePoolerLookup(one.paths, true)).toBe(true);
  expect(await login()).toBe(true);
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { TestBed, type TestInstance } from './support/instance';
import { reconcileMonitoringRole } from '../../../src/agent/postgres/monitoring-role.js';

let bed: TestBed;
let one: TestInstance;
const role = () => one.sql("SELECT rolcanlogin, rolconnlimit, rolpassword, rolsuper FROM pg_authid WHERE rolname = 'cdk8s_monitor'");

beforeAll(async () => {
  bed = new TestBed();
  one = await bed.instance('one');
  await one.initialize();
});
afterAll(() => bed.remove());

async function asMonitor(sql: string, host = '127.0.0.1', database = 'postgres'): Promise<unknown> {
  const file = (name: string) => readFileSync(join(bed.certificatesDir, name), 'utf8');
  const client = new pg.Client({
    host, port: one.paths.port, user: 'cdk8s_monitor', database,
    ssl: { ca: file('ca.crt'), cert: file('monitoring.crt'), key: file('monitoring.key'), servername: 'one.test' },
  });
  try {
    await client.connect();
    return (await client.query<Record<string, unknown>>(sql)).rows[0];
  } catch (error) {
    return (error as Error).message;
  } finally {
    await client.end().catch(() => undefined);
  }
}

test('without metrics there is no such role, and nothing to be done', async () => {
  expect(await reconcileMonitoringRole(one.paths, false)).toBe(false);
  expect(await role()).toEqual([]);
});

test('the role is made once, without a password, and put right when somebody has changed it', async () => {
  expect(await reconcileMonitoringRole(one.paths, true)).toBe(true);
  expect(await reconcileMonitoringRole(one.paths, true)).toBe(false);
  const made = await role();
  expect(made).toEqual([{ rolcanlogin: true, rolconnlimit: 5, rolpassword: null, rolsuper: false }]);
  await one.sql("ALTER ROLE cdk8s_monitor PASSWORD 'x' CONNECTION LIMIT -1; ALTER ROLE cdk8s_monitor RESET statement_timeout; REVOKE pg_monitor FROM cdk8s_monitor");
  expect(await reconcileMonitoringRole(one.paths, true)).toBe(true);
  expect(await role()).toEqual(made);
  expect(await reconcileMonitoringRole(one.paths, true)).toBe(false);
});

test('it reads all statistics, writes nothing, reads nobody\'s tables, and does not wait long', async () => {
  await one.sql('CREATE TABLE secrets AS SELECT 1 AS x');
  expect(await asMonitor('SELECT count(*) > 0 AS yes FROM pg_stat_activity WHERE query IS NOT NULL')).toEqual({ yes: true });
  expect(await asMonitor("SELECT pg_database_size('template1') > 0 AS yes")).toEqual({ yes: true });
  expect(await asMonitor("SELECT current_setting('statement_timeout') AS timeout")).toEqual({ timeout: '5s' });
  expect(await asMonitor('CREATE TABLE mine ()')).toMatch(/read-only transaction|permission denied/);
  expect(await asMonitor('SELECT * FROM public.secrets')).toMatch(/permission denied/);
});

test('it enters its own database only, by its certificate only', async () => {
  expect(await asMonitor('SELECT 1', '127.0.0.1', 'template1')).toMatch(/pg_hba.conf rejects/);
  const rules = await one.sql("SELECT type, address, auth_method FROM pg_hba_file_rules WHERE 'cdk8s_monitor' = ANY (user_name) AND 'postgres' = ANY (database) ORDER BY line_number");
  expect(rules).toEqual([
    { type: 'hostssl', address: '127.0.0.1', auth_method: 'cert' },
    { type: 'hostssl', address: '::1', auth_method: 'cert' },
  ]);
});

test('when metrics are switched off it may no longer log in', async () => {
  expect(await reconcileMonitoringRole(one.paths, false)).toBe(true);
  expect(await asMonitor('SELECT 1')).toMatch(/not permitted to log in/);
  expect(await reconcileMonitoringRole(one.paths, false)).toBe(false);
});

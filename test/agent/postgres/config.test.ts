import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { makeCertificates } from './support/certificates';
import { TestBed, type TestInstance } from './support/instance';
import { configFile, renderConfig, type ConfigInput } from '../../../src/agent/postgres/config.js';
import type { ClientAccess } from '../../../src/agent/postgres/hba.js';
import { reconcileUsersAndDatabases } from '../../../src/agent/postgres/users-databases.js';
import type { ClientTlsSpec, HbaRuleSpec } from '../../../src/contract';

let bed: TestBed;
let one: TestInstance;

beforeAll(async () => {
  bed = new TestBed();
  one = await bed.instance('one');
  await one.initialize();
  await reconcileUsersAndDatabases(one.paths, { users: [{ name: 'app', password: 'correct horse' }], databases: [{ name: 'app', owner: 'app' }] });
});
afterAll(() => bed.remove());

function input(more: Partial<ConfigInput> = {}): ConfigInput {
  return { major: '17', instance: 'one', parameters: {}, role: 'primary', upstream: null, standbyFloor: {}, readOnly: false, osUser: 'postgres', stanza: null, hba: { tls: 'require', rules: [] }, ...more };
}

function setting(text: string, name: string): string | undefined {
  return new RegExp(`^${name} = '(.*)'$`, 'm').exec(text)?.[1];
}

/** Connects over the network as an application or an instance would; resolves to who it is, or to why not. */
async function connect(config: pg.ClientConfig): Promise<string> {
  const client = new pg.Client({ host: '127.0.0.1', port: one.paths.port, database: 'postgres', connectionTimeoutMillis: 3000, ...config });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ who: string }>('SELECT current_user AS who');
    await client.end();
    return rows[0]!.who;
  } catch (error) {
    return (error as Error).message;
  }
}

function tls(role?: 'replication' | 'rewind'): pg.ClientConfig['ssl'] {
  const file = (name: string) => readFileSync(join(bed.certificatesDir, name), 'utf8');
  const own = role === undefined ? {} : { cert: file(`${role}.crt`), key: file(`${role}.key`) };
  return { ca: file('ca.crt'), servername: 'one.test', ...own };
}

/** In force for the connections that begin from now on. */
async function accept(access: ClientAccess): Promise<void> {
  one.hba = access;
  await one.configure('primary');
  const loaded = async () => (await one.sql('SELECT pg_conf_load_time()::text AS at'))[0]!.at;
  const before = await loaded();
  one.server.reload();
  for (let left = 100; left > 0 && await loaded() === before; left--) await new Promise((resolve) => setTimeout(resolve, 50));
}

describe('what is rendered', () => {
  test('a user sets what is his to set, and is told what is not', () => {
    const { text, ignored } = renderConfig(one.paths, input({
      parameters: { work_mem: '64MB', WAL_KEEP_SIZE: '1GB', primary_conninfo: 'host=evil', archive_command: 'rm -rf /', Port: '1', include: 'x' },
    }));
    expect(setting(text, 'work_mem')).toBe('64MB');
    expect(setting(text, 'wal_keep_size')).toBe('1GB');
    expect(setting(text, 'port')).toBe(String(one.paths.port));
    expect(setting(text, 'primary_conninfo')).toBe('');
    expect(text).not.toMatch(/evil|rm -rf|include/);
    expect(ignored.sort()).toEqual(['archive_command', 'include', 'port', 'primary_conninfo']);
  });

  test('a value can hold quotes and backslashes, and cannot begin another setting', () => {
    const { text } = renderConfig(one.paths, input({ parameters: { search_path: '"it\'s", back\\slash' } }));
    expect(text).toContain('search_path = \'"it\'\'s", back\\\\slash\'');
  });

  test('a standby keeps what its primary has until the control file says that the primary has less', () => {
    const floor = { max_connections: 200, max_worker_processes: 8, max_prepared_transactions: 5 };
    const asked = { max_connections: '50', max_worker_processes: '20' };
    const { text } = renderConfig(one.paths, input({ role: 'standby', parameters: asked, standbyFloor: floor }));
    expect(setting(text, 'max_connections')).toBe('200');
    expect(setting(text, 'max_worker_processes')).toBe('20');
    expect(setting(text, 'max_prepared_transactions')).toBe('5');
    expect(setting(renderConfig(one.paths, input({ parameters: asked })).text, 'max_connections')).toBe('50');
  });

  test('with an upstream it names the address, the verified name, the certificate and the slot', () => {
    const { text } = renderConfig(one.paths, input({ role: 'standby', upstream: { host: 'two.test', hostaddr: '10.0.0.7', port: 5432 } }));
    const conninfo = setting(text, 'primary_conninfo')!.replaceAll("''", "'");
    for (const part of ["host='two.test'", "hostaddr='10.0.0.7'", "user='cdk8s_replication'", "sslmode='verify-full'", "application_name='one'", "tcp_user_timeout='5000'"]) {
      expect(conninfo).toContain(part);
    }
    expect(setting(text, 'primary_slot_name')).toBe('cdk8s_one');
  });

  test('an upstream that may show a given certificate is verified by the name of that, at the address of its pod', () => {
    const { text } = renderConfig(one.paths, input({ role: 'standby', upstream: { host: 'two.test', serverName: 'orders.example.com', hostaddr: '10.0.0.7', port: 5432 } }));
    const conninfo = setting(text, 'primary_conninfo')!.replaceAll("''", "'");
    for (const part of ["host='orders.example.com'", "hostaddr='10.0.0.7'", "sslmode='verify-full'", `sslrootcert='${join(one.paths.certificatesDir, 'server-ca.crt')}'`]) expect(conninfo).toContain(part);
    expect(setting(text, 'ssl_ca_file')).toBe(join(one.paths.certificatesDir, 'ca.crt'));
  });

  test('the same input writes nothing anew', async () => {
    expect((await one.configure('primary')).changed).toBe(false);
    one.parameters = { ...one.parameters, work_mem: '5MB' };
    expect((await one.configure('primary')).changed).toBe(true);
    expect(setting(readFileSync(configFile(one.paths), 'utf8'), 'work_mem')).toBe('5MB');
  });
});

describe('a running server', () => {
  test('takes a changed parameter by reload, and tells which ones wait for a restart', async () => {
    one.parameters = { ...one.parameters, work_mem: '7MB', max_connections: '77' };
    await one.configure('primary');
    one.server.reload();
    expect((await one.until((seen) => seen.pendingRestart.length > 0)).pendingRestart).toEqual(['max_connections']);
    expect(await one.sql('SHOW work_mem')).toEqual([{ work_mem: '7MB' }]);
    await one.server.stop('fast', 20_000);
    await one.start('primary');
    expect((await one.up()).pendingRestart).toEqual([]);
    expect(await one.sql('SHOW max_connections')).toEqual([{ max_connections: '77' }]);
  });

  test('has understood every rule of pg_hba.conf and pg_ident.conf', async () => {
    expect(await one.sql('SELECT line_number, error FROM pg_hba_file_rules WHERE error IS NOT NULL')).toEqual([]);
    expect(await one.sql('SELECT error FROM pg_ident_file_mappings WHERE error IS NOT NULL')).toEqual([]);
    expect(await one.sql("SELECT auth_method FROM pg_hba_file_rules WHERE auth_method IN ('trust', 'password', 'md5')")).toEqual([]);
  });

  test('lets users in by password and TLS only', async () => {
    expect(await connect({ user: 'app', password: 'correct horse', ssl: tls() })).toBe('app');
    expect(await connect({ user: 'app', password: 'wrong', ssl: tls() })).toMatch(/password authentication failed/);
    expect(await connect({ user: 'app', password: 'correct horse', ssl: false })).toMatch(/no pg_hba.conf entry/);
  });

  test('lets the superuser in over the socket only', async () => {
    expect(await one.sql('SELECT current_user')).toEqual([{ current_user: 'postgres' }]);
    for (const ssl of [tls(), tls('rewind'), false]) expect(await connect({ user: 'postgres', password: 'x', ssl })).toMatch(/pg_hba.conf rejects/);
    const app = connect({ host: one.paths.socketDir, user: 'app', password: 'correct horse' });
    expect(await app).toMatch(/no pg_hba.conf entry/);
  });

  test('lets the cluster\'s own roles in by their certificate only, and for their purpose only', async () => {
    expect(await connect({ user: 'cdk8s_rewind', ssl: tls('rewind') })).toBe('cdk8s_rewind');
    expect(await connect({ user: 'cdk8s_rewind', ssl: tls('replication') })).toMatch(/certificate authentication failed/);
    expect(await connect({ user: 'cdk8s_rewind', ssl: tls() })).toMatch(/valid client certificate/);
    expect(await connect({ user: 'cdk8s_rewind', database: 'app', ssl: tls('rewind') })).toMatch(/pg_hba.conf rejects/);
    expect(await connect({ user: 'cdk8s_replication', ssl: tls('replication') })).toMatch(/pg_hba.conf rejects/);
    expect(await connect({ user: 'app', password: 'correct horse', ssl: tls('rewind') })).toBe('app');
  });

  test('does what the program\'s rules say, in their order, by reload, and to its own roles nothing', async () => {
    const rules: readonly HbaRuleSpec[] = [
      { connection: 'hostssl', databases: ['postgres'], users: ['app'], address: '127.0.0.0/8', method: 'reject' },
      { connection: 'host', databases: ['app'], users: [], method: 'scram-sha-256' },
      { connection: 'hostssl', databases: [], users: [], address: '::/0', method: 'cert' },
      { connection: 'hostssl', databases: [], users: [], method: 'reject' },
    ];
    one.hba = { tls: 'require', rules };
    expect((await one.configure('primary')).changed).toBe(true);
    one.server.reload();
    const app = { user: 'app', password: 'correct horse' };
    for (let left = 50; left > 0 && !/pg_hba.conf rejects/.test(await connect({ ...app, ssl: tls() })); left--) await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await connect({ ...app, ssl: tls() })).toMatch(/pg_hba.conf rejects/);
    expect(await one.sql('SELECT line_number, error FROM pg_hba_file_rules WHERE error IS NOT NULL')).toEqual([]);
    expect(await connect({ ...app, database: 'app', ssl: false })).toBe('app');
    expect(await connect({ ...app, database: 'app', password: 'wrong', ssl: tls() })).toMatch(/password authentication failed/);
    expect(await connect({ user: 'cdk8s_rewind', ssl: tls('rewind') })).toBe('cdk8s_rewind');
    expect(await connect({ user: 'postgres', password: 'x', database: 'app', ssl: false })).toMatch(/pg_hba.conf rejects/);
    await accept({ tls: 'require', rules: [] });
  });

  test.each<[ClientTlsSpec, { plain: RegExp; tls: RegExp; certificate: RegExp }]>([
    ['disable', { plain: /^app$/, tls: /^app$/, certificate: /^app$/ }],
    ['allow', { plain: /^app$/, tls: /^app$/, certificate: /^app$/ }],
    ['require', { plain: /no pg_hba.conf entry/, tls: /^app$/, certificate: /^app$/ }],
    ['verify', { plain: /no pg_hba.conf entry/, tls: /requires a valid client certificate/, certificate: /^app$/ }],
  ])('lets users in as clients are to come, with the program\'s rules and without, and never without their password: %s', async (mode, expected) => {
    const app = { user: 'app', password: 'correct horse' };
    const rules: readonly HbaRuleSpec[] = [{ connection: mode === 'disable' || mode === 'allow' ? 'host' : 'hostssl', databases: [], users: ['app'], method: 'scram-sha-256' }];
    for (const access of [{ tls: mode, rules: [] }, { tls: mode, rules }]) {
      await accept(access);
      expect(await one.sql('SELECT line_number, error FROM pg_hba_file_rules WHERE error IS NOT NULL')).toEqual([]);
      // A certificate of the cluster's authority, as the pooler shows it for a user.
      const ways: readonly [keyof typeof expected, pg.ClientConfig['ssl']][] = [['plain', false], ['tls', tls()], ['certificate', tls('monitoring')]];
      for (const [way, ssl] of ways) {
        expect([way, await connect({ ...app, ssl })]).toEqual([way, expect.stringMatching(expected[way])]);
        expect(await connect({ ...app, password: 'wrong', ssl })).not.toBe('app');
        expect(await connect({ user: 'postgres', password: 'x', ssl })).toMatch(/pg_hba.conf rejects/);
      }
      // What the cluster does itself is the same under all of them.
      expect(await connect({ user: 'cdk8s_rewind', ssl: tls('rewind') })).toBe('cdk8s_rewind');
      expect(await connect({ user: 'cdk8s_rewind', ssl: false })).toMatch(/pg_hba.conf rejects/);
      expect(await connect({ user: 'cdk8s_rewind', ssl: tls('monitoring') })).toMatch(/certificate authentication failed/);
    }
    await accept({ tls: 'require', rules: [] });
  });

  test('takes no certificate of another authority for one of the cluster\'s', async () => {
    await accept({ tls: 'verify', rules: [] });
    const stranger = makeCertificates(join(one.folder, 'strangers'));
    const ssl = { ...tls() as object, cert: readFileSync(join(stranger, 'rewind.crt'), 'utf8'), key: readFileSync(join(stranger, 'rewind.key'), 'utf8') };
    expect(await connect({ user: 'app', password: 'correct horse', ssl })).toMatch(/unknown ca|ECONNRESET|Connection terminated/);
    await accept({ tls: 'require', rules: [] });
  });

  test('reads a rule that contradicts: who must show a certificate is not let in by a password alone, and the server starts', async () => {
    await accept({ tls: 'verify', rules: [{ connection: 'host', databases: [], users: [], method: 'scram-sha-256' }] });
    expect(await one.sql('SELECT line_number, error FROM pg_hba_file_rules WHERE error IS NOT NULL')).toEqual([]);
    expect(await connect({ user: 'app', password: 'correct horse', ssl: false })).toMatch(/no pg_hba.conf entry/);
    await accept({ tls: 'require', rules: [] });
  });

  test('does not answer a restore of WAL that nobody handed over', () => {
    const command = setting(readFileSync(configFile(one.paths), 'utf8'), 'restore_command')!;
    expect(() => execFileSync('/bin/sh', ['-c', command.replaceAll('%f', '00000002.history').replaceAll('%p', 'nowhere')], { stdio: 'pipe' })).toThrow();
  });
});

import { renderIni } from '../../../src/agent/pooler/ini.js';
import type { ClientTlsSpec } from '../../../src/contract';

const paths = { directory: '/run/pgbouncer' };
const lines = (settings: Record<string, string>, anyName = false) => renderIni(paths, { host: 'orders-1-0.orders-instances', anyName, clientTls: 'require', settings }).split('\n');

test('every database is on the primary, by the name that its certificate carries, and TLS is required on both sides', () => {
  const ini = lines({ pool_mode: 'transaction', default_pool_size: '20' });
  expect(ini.slice(1, 4)).toEqual([
    '[databases]', 'postgres = host=orders-1-0.orders-instances port=5432', '* = host=orders-1-0.orders-instances port=5432',
  ]);
  expect(ini).toEqual(expect.arrayContaining([
    'pool_mode = transaction', 'default_pool_size = 20', 'server_tls_sslmode = verify-full', 'client_tls_sslmode = require',
    'auth_type = scram-sha-256', 'auth_user = cdk8s_pooler', 'auth_query = SELECT name, verifier FROM cdk8s_pooler.user_lookup($1)',
    'unix_socket_mode = 0700', 'server_fast_close = 1',
  ]));
  expect(ini.filter((line) => /^(admin|stats)_users/.test(line))).toEqual([]);
});

test('a user\'s value wins over a default of ours and loses to what the agent keeps', () => {
  const ini = lines({ server_login_retry: '5', server_tls_sslmode: 'disable', auth_type: 'any' });
  expect(ini).toContain('server_login_retry = 5');
  expect(ini).toContain('server_tls_sslmode = verify-full');
  expect(ini).toContain('auth_type = scram-sha-256');
  expect(new Set(ini.map((line) => line.split(' = ')[0])).size).toBe(ini.length);
});

test('of a server that may show a given certificate, which names no pod, its authority is asked for', () => {
  expect(lines({}, true)).toEqual(expect.arrayContaining(['server_tls_sslmode = verify-ca', 'server_tls_ca_file = /run/pgbouncer/server-ca.crt', 'client_tls_ca_file = /run/pgbouncer/ca.crt']));
});

test('clients may see another certificate than the server does, and are known by the cluster\'s authority alone', () => {
  expect(lines({})).toEqual(expect.arrayContaining([
    'client_tls_cert_file = /run/pgbouncer/client-side.crt', 'client_tls_key_file = /run/pgbouncer/client-side.key', 'client_tls_ca_file = /run/pgbouncer/ca.crt',
    'server_tls_cert_file = /run/pgbouncer/pooler.crt', 'server_tls_key_file = /run/pgbouncer/pooler.key',
  ]));
});

test.each<[ClientTlsSpec, string]>([
  ['disable', 'disable'], ['allow', 'allow'], ['require', 'require'], ['verify', 'verify-ca'],
])('what is asked of clients ("%s") is asked by the pooler, too, and its own way to the server is the same', (clientTls, mode) => {
  const ini = (tls: ClientTlsSpec) => renderIni(paths, { host: 'one', anyName: false, clientTls: tls, settings: { client_tls_sslmode: 'disable' } }).split('\n');
  expect(ini(clientTls)).toContain(`client_tls_sslmode = ${mode}`);
  const others = (text: readonly string[]) => text.filter((line) => !line.startsWith('client_tls_sslmode'));
  expect(others(ini(clientTls))).toEqual(others(ini('require')));
});

test('no setting becomes a line of its own or an include', () => {
  const ini = lines({ 'server_check_query': 'select 1\nadmin_users = app', '%include /tmp/x': '', 'stats_period\nadmin_users': 'app' });
  expect(ini.filter((line) => /admin_users|include/.test(line))).toEqual([]);
});

test('the same settings in another order are the same bytes', () => {
  expect(lines({ a: '1', b: '2' })).toEqual(lines({ b: '2', a: '1' }));
});

import { spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { Console } from '../../../src/agent/pooler/console.js';
import { iniFile, renderIni } from '../../../src/agent/pooler/ini.js';
import { POSTGRES_PORT, type ClientTlsSpec } from '../../../src/contract';
import { makeCertificates } from '../postgres/support/certificates';

/** A real pgBouncer with the agent's configuration; the server behind it is not there, so whom it lets in is told that. */
let pgBouncer: ChildProcess;
let bouncer: Console;
/** One of the loopback's many, so that the port may stay. */
const host = `127.${randomInt(1, 255)}.${randomInt(256)}.${randomInt(1, 255)}`;
const directory = mkdtempSync(join(process.env.CDK8S_POSTGRES_TEST_DIR ?? tmpdir(), 'client-tls-'));
const file = (name: string) => readFileSync(join(directory, name), 'utf8');

function configure(clientTls: ClientTlsSpec): void {
  const ini = renderIni({ directory }, { host: '127.0.0.1', anyName: false, clientTls, settings: { query_wait_timeout: '1' } });
  // `auth_dbname` came with 1.19, and there is no server to ask.
  writeFileSync(iniFile({ directory }), ini.replace('listen_addr = *', `listen_addr = ${host}`).replaceAll(' port=5432', ' port=1').replace(/^auth_dbname.*$/m, ''));
}

const trusting = (): { ca: string; servername: string } => ({ ca: file('ca.crt'), servername: 'one.test' });
const showing = (folder: string): pg.ClientConfig['ssl'] => ({
  ...trusting(), cert: readFileSync(join(folder, 'rewind.crt'), 'utf8'), key: readFileSync(join(folder, 'rewind.key'), 'utf8'),
});

/** Resolves to why it was not let in, or how far it came. */
async function login(ssl: pg.ClientConfig['ssl']): Promise<string> {
  const client = new pg.Client({ host, port: POSTGRES_PORT, user: 'app', password: 'x', database: 'app', ssl, connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined);
  return client.connect().then(() => 'let in', (error: Error) => error.message);
}

beforeAll(async () => {
  makeCertificates(directory);
  for (const name of ['pooler', 'client-side']) {
    for (const kind of ['crt', 'key']) writeFileSync(join(directory, `${name}.${kind}`), file(`server.${kind}`), { mode: 0o600 });
  }
  configure('require');
  pgBouncer = spawn('/usr/sbin/pgbouncer', [iniFile({ directory })], { stdio: 'ignore' });
  bouncer = new Console(directory);
  for (let look = 0; look < 100 && !existsSync(join(directory, '.s.PGSQL.5432')); look++) await sleep(50);
});
afterAll(async () => {
  bouncer.close();
  if (pgBouncer.exitCode !== null) return;
  pgBouncer.kill();
  await once(pgBouncer, 'exit');
});

/** Let in as far as the password: the user is looked up in a server that is not there. */
const IN = /server login|connect|query_wait_timeout|no such user|authentication/i;
const NO_TLS_OFFERED = /does not support SSL/;
const TLS_REQUIRED = /SSL required/;
const REFUSED = /alert|ECONNRESET|Connection terminated|TLS/i;

test.each<[ClientTlsSpec, RegExp, RegExp, RegExp]>([
  ['verify', TLS_REQUIRED, REFUSED, IN],
  ['allow', IN, IN, IN],
  ['disable', IN, NO_TLS_OFFERED, NO_TLS_OFFERED],
  ['verify', TLS_REQUIRED, REFUSED, IN],
  ['require', TLS_REQUIRED, IN, IN],
])('takes over by a reload, whatever was before it, what is asked of clients: %s', async (mode, plain, tls, certificate) => {
  configure(mode);
  await bouncer.ask('RELOAD');
  expect({ plain: await login(false), tls: await login(trusting()), certificate: await login(showing(directory)) }).toEqual({
    plain: expect.stringMatching(plain), tls: expect.stringMatching(tls), certificate: expect.stringMatching(certificate),
  });
});

test('takes no certificate of another authority for one of the cluster\'s', async () => {
  configure('verify');
  await bouncer.ask('RELOAD');
  expect(await login(showing(makeCertificates(join(directory, 'strangers'))))).toMatch(REFUSED);
});

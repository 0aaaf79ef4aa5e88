import { mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { Agent, runningCluster, SecretsInMemory, specOf } from './cluster';
import { loadClientCertificate, loadCredentials } from '../../../src/agent/credentials/load.js';

const directory = () => join(mkdtempSync(join(process.env.CDK8S_POSTGRES_TEST_DIR ?? tmpdir(), 'certificates-')), 'run');
const monitored = () => ({ ...specOf(3), objects: { ...specOf(3).objects, monitoringSecret: 'orders-monitoring' } });
const names = ['agent', 'replication', 'rewind', 'server'];

test('all certificates lie where PostgreSQL reads them, for its eyes only, and are written only when they differ', async () => {
  const { leader } = await runningCluster();
  const { credentials } = await leader.reconcile('lead');
  const where = directory();
  expect(await loadCredentials(where, credentials!)).toBe(true);
  expect(readdirSync(where).sort()).toEqual(['ca.crt', 'server-ca.crt', ...names.flatMap((name) => [`${name}.crt`, `${name}.key`])].sort());
  expect(readdirSync(where).map((file) => statSync(join(where, file)).mode % 0o1000)).toEqual(readdirSync(where).map(() => 0o600));
  expect(await loadCredentials(where, credentials!)).toBe(false);
  expect(await loadCredentials(where, { ...credentials!, shown: { ...credentials!.shown, ...credentials!.agent } })).toBe(true);
  expect(readFileSync(join(where, 'server.crt'), 'utf8')).toBe(credentials!.agent.certificate);
});

test('the exporter\'s certificate goes into its own volume and nowhere else, and where there is no such volume nowhere', async () => {
  const { leader, secrets } = await runningCluster();
  const spec = monitored();
  secrets.put('orders-monitoring', {});
  const { credentials } = await leader.reconcile('lead', { spec });
  const volume = mkdtempSync(join(process.env.CDK8S_POSTGRES_TEST_DIR ?? tmpdir(), 'monitoring-'));
  expect(await loadClientCertificate(volume, credentials!.authority, credentials!.monitoring!)).toBe(true);
  expect(readdirSync(volume).map((file) => [file, statSync(join(volume, file)).mode % 0o1000])).toEqual([['ca.crt', 0o600], ['client.crt', 0o600], ['client.key', 0o600]]);
  expect(await loadClientCertificate(volume, credentials!.authority, credentials!.monitoring!)).toBe(false);
  expect(await loadClientCertificate(join(volume, 'absent'), credentials!.authority, credentials!.monitoring!)).toBe(false);
  const where = directory();
  await loadCredentials(where, credentials!);
  expect(readdirSync(where).filter((file) => file.includes('monitoring'))).toEqual([]);
});

test('PostgreSQL gets its certificates also while the exporter\'s cannot be had, and it is said why', async () => {
  const { leader } = await runningCluster();
  const { credentials, problems } = await leader.reconcile('lead', { spec: monitored() });
  expect(credentials).toMatchObject({ monitoring: null, server: expect.anything() });
  expect(problems).toEqual([expect.objectContaining({ code: 'SecretMissing', secret: 'orders-monitoring' })]);
});

describe('over TLS', () => {
  let files: string;
  beforeAll(async () => {
    const { leader } = await runningCluster();
    files = directory();
    await loadCredentials(files, (await leader.reconcile('lead')).credentials!);
  });
  const read = (name: string) => readFileSync(join(files, name));

  /** Who a client that presents this certificate is to the server; rejects when one does not trust the other. */
  async function login(client: string, host: string, authority = read('ca.crt')): Promise<string> {
    const server = createServer({ cert: read('server.crt'), key: read('server.key'), ca: authority, requestCert: true, rejectUnauthorized: true });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const seen = new Promise<string>((resolve, reject) => {
      server.on('secureConnection', (socket: TLSSocket) => resolve(String(socket.getPeerCertificate().subject.CN)));
      server.on('tlsClientError', reject);
    });
    const { port } = server.address() as AddressInfo;
    const socket = connect({ host: '127.0.0.1', port, servername: host, ca: read('ca.crt'), cert: read(`${client}.crt`), key: read(`${client}.key`) });
    const failed = new Promise<never>((_, reject) => socket.on('error', reject));
    try {
      return await Promise.race([seen, failed]);
    } finally {
      socket.destroy();
      server.close();
    }
  }

  test.each([['replication', 'cdk8s_replication'], ['rewind', 'cdk8s_rewind'], ['agent', 'cdk8s-postgres-agent']])('the %s certificate logs in as %s at every instance', async (client, commonName) => {
    expect(await login(client, 'orders-2-0.orders-instances.shop.svc')).toBe(commonName);
  });

  test('a client that calls a name which is not the cluster\'s refuses the server', async () => {
    await expect(login('agent', 'billing-rw.shop.svc')).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  });

  test('another cluster\'s authority does not accept these certificates', async () => {
    const { credentials } = await new Agent(new SecretsInMemory()).reconcile('found');
    await expect(login('agent', 'orders-rw', Buffer.from(credentials!.authority))).rejects.toThrow();
  });

  test('a server\'s certificate is no client\'s', async () => {
    await expect(login('server', 'orders-rw')).rejects.toThrow();
  });
});

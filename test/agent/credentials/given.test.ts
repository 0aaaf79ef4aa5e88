/** A certificate for clients that somebody else keeps in a Secret, as cert-manager does. */
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runningCluster, specOf } from './cluster';
import { bundle, issue, makeAuthority } from '../../../src/agent/credentials/pki.js';
import type { CredentialsReport, KeyPair } from '../../../src/agent/credentials/types.js';
import type { ClusterSpec } from '../../../src/contract';

const SECRET = 'orders-tls';
const NAME = 'orders-rw.shop.svc';
const DAY = 86_400_000;
const inDays = (days: number) => new Date(Date.now() + days * DAY);

const given = (name?: string): ClusterSpec => ({ ...specOf(3), certificates: { server: { secret: SECRET, name } } });
const spec = given();

/** Of an authority that is not the cluster's. */
async function company(commonName = 'company'): Promise<{ authority: KeyPair; issue(names?: string[], days?: number): Promise<Record<string, string>> }> {
  const authority = await makeAuthority(commonName, new Date());
  return {
    authority,
    issue: async (names = [NAME], days = 90) => dataOf(await issue(authority, { commonName: 'orders', usage: 'server', dnsNames: names }, new Date(), { duration: days * 86_400, renewBefore: 1 }), authority),
  };
}

function dataOf({ certificate, key }: KeyPair, authority: KeyPair): Record<string, string> {
  return { 'tls.crt': certificate, 'tls.key': key, 'ca.crt': authority.certificate };
}

const shown = (report: CredentialsReport) => report.credentials!.shown.certificate;
const told = (report: CredentialsReport) => report.problems.map(({ secret, message }) => `${secret}: ${message}`);

/** A cluster that shows a given certificate. */
async function clusterWith(data: Record<string, string>): Promise<Awaited<ReturnType<typeof runningCluster>>> {
  const cluster = await runningCluster();
  cluster.secrets.put(SECRET, data);
  for (const [agent, duty] of [[cluster.leader, 'lead'], [cluster.leader, 'lead'], [cluster.replica, 'keep'], [cluster.replica, 'keep']] as const) await agent.reconcile(duty, { spec });
  return cluster;
}

describe('a given certificate', () => {
  test('is shown by every instance, one round after its authority is trusted: nobody meets a server that he cannot know', async () => {
    const { secrets, leader, replica } = await runningCluster();
    const own = shown(await leader.reconcile('lead'));
    const { authority, ...ca } = await company();
    secrets.put(SECRET, await ca.issue());
    for (const [agent, duty] of [[leader, 'lead'], [replica, 'keep']] as const) {
      const first = await agent.reconcile(duty, { spec });
      expect(shown(first)).toBe(own);
      expect(first.credentials!.shown.authority).toContain(authority.certificate.trim());
      const second = await agent.reconcile(duty, { spec });
      expect(shown(second)).toBe(secrets.data(SECRET)['tls.crt']);
      expect(second.problems).toEqual([]);
    }
  });

  test('makes its authority known for the server alone: neither clients of PostgreSQL nor callers of an agent are let in by it', async () => {
    const ca = await company();
    const { leader, secrets } = await clusterWith(await ca.issue());
    const { credentials } = await leader.reconcile('lead', { spec });
    expect(credentials!.authority).toBe(secrets.data('orders-ca')['ca.crt']);
    expect(credentials!.authority).not.toContain(ca.authority.certificate.trim());
    expect(new X509Certificate(credentials!.server.certificate).subject).toBe('CN=orders-rw');
    for (const name of ['orders-server', 'orders-replication', 'orders-agent']) expect(secrets.data(name)['ca.crt']).toBe(credentials!.authority);
  });

  test('is verified by a name that the cluster\'s own certificate carries, too, so that instances may show either', async () => {
    const ca = await company();
    const { leader } = await clusterWith(await ca.issue([NAME, 'orders.example.com']));
    const usual = await leader.reconcile('lead', { spec });
    expect(usual.credentials!.shown.name).toBe(NAME);
    const { credentials, written } = await leader.reconcile('lead', { spec: given('orders.example.com') });
    expect(written.map(({ secret }) => secret)).toContain('orders-server');
    expect(credentials!.shown.name).toBe('orders.example.com');
    for (const pair of [credentials!.server, credentials!.shown]) expect(new X509Certificate(pair.certificate).checkHost('orders.example.com')).toBe('orders.example.com');
  });

  test('is not shown, and no new name is asked for, before the cluster\'s own certificate has that name', async () => {
    const ca = await company();
    const { replica } = await clusterWith(await ca.issue([NAME, 'orders.example.com']));
    const { credentials } = await replica.reconcile('keep', { spec: given('orders.example.com') });
    expect(credentials!.shown).toMatchObject({ name: null, certificate: credentials!.server.certificate });
  });

  test('is told to users and pooler by its authority beside the cluster\'s own; when it is given up, both go back', async () => {
    const ca = await company();
    const pooler = { service: 'orders-pooler', secret: 'orders-pooler', settings: {} };
    const { leader, secrets } = await clusterWith(await ca.issue());
    secrets.put('orders-pooler', {});
    await leader.reconcile('lead', { spec: { ...spec, pooler } });
    const own = secrets.data('orders-ca')['ca.crt']!;
    const both = bundle(ca.authority.certificate, own);
    expect(secrets.data('orders-app-user')['ca.crt']).toBe(both);
    expect(secrets.data('orders-pooler')).toMatchObject({ 'ca.crt': own, 'server-ca.crt': both });
    expect((await leader.reconcile('lead', { spec: { ...spec, pooler } })).written).toEqual([]);
    const after = await leader.reconcile('lead', { spec: { ...specOf(3), pooler } });
    expect(secrets.data('orders-app-user')['ca.crt']).toBe(own);
    expect(secrets.data('orders-pooler')['server-ca.crt']).toBe('');
    expect(after.credentials!.shown).toMatchObject({ certificate: after.credentials!.server.certificate, authority: own, name: null });
  });

  test('that follows another one is taken with its authority trusted beside the old one', async () => {
    const [old, next] = [await company('old'), await company('next')];
    const { leader, secrets } = await clusterWith(await old.issue());
    secrets.put(SECRET, await next.issue());
    const first = (await leader.reconcile('lead', { spec })).credentials!.shown;
    expect(new X509Certificate(first.certificate).issuer).toBe('CN=old');
    for (const ca of [old, next]) expect(first.authority).toContain(ca.authority.certificate.trim());
    const second = (await leader.reconcile('lead', { spec })).credentials!.shown;
    expect(new X509Certificate(second.certificate).issuer).toBe('CN=next');
    expect(second.authority).not.toContain(old.authority.certificate.trim());
  });

  test('whose chain has an authority in between is taken', async () => {
    const { leader, secrets } = await runningCluster();
    const { chain, key, root } = chained();
    secrets.put(SECRET, { 'tls.crt': chain, 'tls.key': key, 'ca.crt': root });
    await leader.reconcile('lead', { spec });
    const report = await leader.reconcile('lead', { spec });
    expect(report.problems).toEqual([]);
    expect(shown(report)).toBe(chain);
  });
});

describe('a given certificate that cannot be used', () => {
  type Broken = (ca: Awaited<ReturnType<typeof company>>) => Promise<Record<string, string>>;
  const cases: readonly (readonly [string, Broken, string])[] = [
    ['has another\'s key', async (ca) => ({ ...await ca.issue(), 'tls.key': (await ca.issue())['tls.key']! }), 'the private key does not belong to the certificate'],
    ['is no certificate', async (ca) => ({ ...await ca.issue(), 'tls.crt': 'garbage' }), 'the certificate or the key cannot be read'],
    ['has a key with a passphrase', async (ca) => ({ ...await ca.issue(), 'tls.key': ENCRYPTED_KEY }), 'the certificate or the key cannot be read'],
    ['has no key', async (ca) => { const { 'tls.key': _, ...rest } = await ca.issue(); return rest; }, 'it lacks tls.key'],
    ['does not name its authority', async (ca) => { const { 'ca.crt': _, ...rest } = await ca.issue(); return rest; }, 'it lacks ca.crt'],
    ['names another authority', async (ca) => ({ ...await ca.issue(), 'ca.crt': (await company('other')).authority.certificate }), 'the chain does not end in a self-signed authority of its ca.crt'],
    ['lacks the authority in between', () => Promise.resolve({ 'tls.crt': chained().leaf, 'tls.key': chained().key, 'ca.crt': chained().root }), 'the chain does not end in a self-signed authority of its ca.crt'],
    ['ends in an authority that has not signed itself', () => Promise.resolve({ 'tls.crt': chained().leaf, 'tls.key': chained().key, 'ca.crt': chained().between }), 'the chain does not end in a self-signed authority of its ca.crt'],
    ['has another name', async (ca) => ca.issue(['billing.example.com']), `it does not carry the name ${NAME}`],
    ['is a client\'s', async ({ authority }) => dataOf(await issue(authority, { commonName: 'orders', usage: 'client', dnsNames: [NAME] }, new Date()), authority), 'it is not for servers'],
    ['has expired', async (ca) => dataOf(await issue(ca.authority, { commonName: 'orders', usage: 'server', dnsNames: [NAME] }, inDays(-100), { duration: 86_400, renewBefore: 1 }), ca.authority), '"CN=orders" expired at'],
    ['has a key that OpenSSL calls too small', () => Promise.resolve(weak()), 'has 1024 bits, and OpenSSL takes none below 2048'],
  ];

  test.each(cases)('because it %s is told, and the last good one goes on, also after a restart', async (_, broken, why) => {
    const ca = await company();
    const good = await ca.issue();
    const { leader, secrets } = await clusterWith(good);
    secrets.put(SECRET, await broken(ca));
    for (const restart of [false, true]) {
      if (restart) leader.restart();
      const report = await leader.reconcile('lead', { spec });
      expect(told(report)).toEqual([expect.stringMatching(/^orders-tls: Secret orders-tls, the certificate for clients, cannot be used: .* the last good one is shown until it expires at /)]);
      expect(told(report)[0]).toContain(why);
      expect(shown(report)).toBe(good['tls.crt']);
    }
    expect(secrets.data(SECRET)).not.toEqual(good);
  });

  test('or is not there, or may not be read, leaves the cluster with its own until it comes', async () => {
    const { leader, secrets } = await runningCluster();
    const own = shown(await leader.reconcile('lead'));
    const missing = await leader.reconcile('lead', { spec });
    expect(missing.problems).toEqual([{ code: 'SecretMissing', secret: SECRET, message: 'Secret orders-tls, the certificate for clients, cannot be used: it is not there; the cluster\'s own is shown meanwhile' }]);
    expect(shown(missing)).toBe(own);
    secrets.failing.set(SECRET, 'forbidden');
    expect((await leader.reconcile('lead', { spec })).problems).toMatchObject([{ code: 'SecretForbidden' }]);
    secrets.failing.delete(SECRET);
    secrets.put(SECRET, await (await company()).issue());
    await leader.reconcile('lead', { spec });
    expect(shown(await leader.reconcile('lead', { spec }))).toBe(secrets.data(SECRET)['tls.crt']);
  });

  test('is told before it ends, and when it has ended the cluster\'s own takes its place, so that replicas go on', async () => {
    const ca = await company();
    const { leader } = await clusterWith(await ca.issue([NAME], 30));
    expect((await leader.reconcile('lead', { spec, now: inDays(25) })).problems).toEqual([]);
    const late = await leader.reconcile('lead', { spec, now: inDays(28) });
    expect(told(late)).toEqual([expect.stringContaining('has not been renewed; from then on the cluster\'s own is shown to clients')]);
    const over = await leader.reconcile('lead', { spec, now: inDays(31) });
    expect(over.credentials!.shown).toMatchObject({ certificate: over.credentials!.server.certificate, name: NAME });
    expect(told(over)).toEqual([expect.stringContaining('expired at')]);
  });
});

const run = (directory: string) => (...args: string[]) => execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' });
const folder = () => mkdtempSync(join(process.env.CDK8S_POSTGRES_TEST_DIR ?? tmpdir(), 'given-'));

let made: { readonly chain: string; readonly leaf: string; readonly between: string; readonly key: string; readonly root: string } | null = null;
/** A certificate whose issuer was issued by the root. */
function chained(): NonNullable<typeof made> {
  if (made !== null) return made;
  const directory = folder();
  const openssl = run(directory);
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  writeFileSync(join(directory, 'between.ext'), 'basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign\n');
  writeFileSync(join(directory, 'leaf.ext'), `subjectAltName=DNS:${NAME}\nextendedKeyUsage=serverAuth\n`);
  openssl('req', '-x509', ...newKey, '-keyout', 'root.key', '-out', 'root.crt', '-subj', '/CN=root', '-days', '3');
  for (const [file, issuer] of [['between', 'root'], ['leaf', 'between']] as const) {
    openssl('req', ...newKey, '-keyout', `${file}.key`, '-out', `${file}.csr`, '-subj', `/CN=${file}`);
    openssl('x509', '-req', '-in', `${file}.csr`, '-CA', `${issuer}.crt`, '-CAkey', `${issuer}.key`, '-CAcreateserial', '-out', `${file}.crt`, '-days', '2', '-extfile', `${file}.ext`);
  }
  const read = (file: string) => readFileSync(join(directory, file), 'utf8');
  made = { chain: read('leaf.crt') + read('between.crt'), leaf: read('leaf.crt'), between: read('between.crt'), key: read('leaf.key'), root: read('root.crt') };
  return made;
}

/** 1024 bits. */
function weak(): Record<string, string> {
  const directory = folder();
  run(directory)('req', '-x509', '-newkey', 'rsa:1024', '-nodes', '-keyout', 'key', '-out', 'crt', '-subj', '/CN=orders', '-days', '2', '-addext', `subjectAltName=DNS:${NAME}`);
  const certificate = readFileSync(join(directory, 'crt'), 'utf8');
  return { 'tls.crt': certificate, 'tls.key': readFileSync(join(directory, 'key'), 'utf8'), 'ca.crt': certificate };
}

const ENCRYPTED_KEY = generateKeyPairSync('ec', {
  namedCurve: 'prime256v1', publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' },
}).privateKey;

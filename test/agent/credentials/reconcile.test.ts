import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Agent, runningCluster, SECRETS, SecretsInMemory, specOf } from './cluster';
import { makeAuthority } from '../../../src/agent/credentials/pki.js';

const DAY = 86_400_000;
const inDays = (days: number) => new Date(Date.now() + days * DAY);
const codes = (report: { problems: readonly { code: string }[] }) => report.problems.map(({ code }) => code);

describe('a new cluster', () => {
  test('gets its authority and certificates from the one that founds it, and its users\' Secrets only when it leads', async () => {
    const secrets = new SecretsInMemory();
    const agent = new Agent(secrets);
    const founding = await agent.reconcile('found');
    expect(founding).toMatchObject({ problems: [], passwords: new Map() });
    expect(founding.credentials).not.toBeNull();
    expect(secrets.data('orders-app-user')).toEqual({});
    const leading = await agent.reconcile('lead');
    expect(leading.passwords.get('app')).toMatch(/^[A-Za-z0-9_-]{32}$/);
    expect(leading.written.map(({ secret }) => secret)).toEqual(['orders-app-user']);
  });

  test('gets nothing from those who do not found it', async () => {
    for (const duty of ['keep', 'lead'] as const) {
      const secrets = new SecretsInMemory();
      const report = await new Agent(secrets).reconcile(duty);
      expect(report).toMatchObject({ credentials: null, written: [] });
      expect(codes(report)).toEqual(['AuthorityMissing']);
      expect(Object.values(secrets.all()).every((data) => Object.keys(data).length === 0)).toBe(true);
    }
  });

  test('has one authority even when two found it at once, and both end with the same keys', async () => {
    const secrets = new SecretsInMemory();
    const agents = [new Agent(secrets), new Agent(secrets)];
    await Promise.all(agents.map(async (agent) => agent.reconcile('found')));
    const [a, b] = [await agents[0]!.reconcile('found'), await agents[1]!.reconcile('found')];
    expect(a.credentials).not.toBeNull();
    expect(a.credentials).toEqual(b.credentials);
  });

  test('whose authority could not be stored does not use it', async () => {
    const secrets = new SecretsInMemory();
    secrets.fill = async () => ({ ok: false, kind: 'unreachable', message: 'no answer' });
    const report = await new Agent(secrets).reconcile('found');
    expect(report.credentials).toBeNull();
    expect(codes(report)).toEqual(['SecretUnreachable']);
  });
});

describe('a running cluster', () => {
  test('writes nothing when nothing has changed, whoever looks', async () => {
    const { leader, replica } = await runningCluster();
    expect((await leader.reconcile('lead')).written).toEqual([]);
    expect((await replica.reconcile('keep')).written).toEqual([]);
    expect((await replica.reconcile('lead')).written).toEqual([]);
  });

  test('has its emptied Secrets refilled with the same values by a replica alone, even after that was restarted', async () => {
    const { secrets, replica } = await runningCluster();
    const before = secrets.all();
    for (const name of SECRETS) secrets.put(name, {});
    replica.restart();
    const report = await replica.reconcile('keep');
    expect(report.problems).toEqual([]);
    expect(secrets.all()).toEqual(before);
  });

  test('goes on with its copies while Secrets are deleted, says so, and fills them when they are back', async () => {
    const { secrets, replica } = await runningCluster();
    const before = secrets.all();
    const { credentials, passwords } = await replica.reconcile('keep');
    for (const name of SECRETS) secrets.delete(name);
    const without = await replica.reconcile('keep');
    expect(without).toMatchObject({ credentials, passwords, written: [] });
    expect(new Set(codes(without))).toEqual(new Set(['SecretMissing']));
    for (const name of SECRETS) secrets.put(name, {});
    await replica.reconcile('keep');
    expect(secrets.all()).toEqual(before);
  });

  test.each(['unreachable', 'forbidden'] as const)('goes on with its copies while the API server is %s', async (kind) => {
    const { secrets, leader } = await runningCluster();
    const { credentials, passwords } = await leader.reconcile('lead');
    for (const name of SECRETS) secrets.failing.set(name, kind);
    leader.restart();
    const report = await leader.reconcile('lead');
    expect(report).toMatchObject({ credentials, passwords, written: [] });
    expect(report.problems).toHaveLength(SECRETS.length);
  });

  test('never gets a new authority: with none in the Secret and no copy, its leader waits and says what to do', async () => {
    const { secrets } = await runningCluster();
    const fresh = new Agent(secrets);
    secrets.put('orders-ca', {});
    const report = await fresh.reconcile('lead');
    expect(report.credentials).toBeNull();
    expect(report.problems).toEqual([{ code: 'AuthorityMissing', secret: 'orders-ca', message: expect.stringContaining('restore the Secret from a backup') as string }]);
    expect(secrets.data('orders-ca')).toEqual({});
  });

  test('leaves an authority that a person has half put there alone, and says what is wrong with it', async () => {
    const { secrets, leader } = await runningCluster();
    const broken = { ...secrets.data('orders-ca'), 'tls.key': (await makeAuthority('other', new Date())).key };
    secrets.put('orders-ca', broken);
    const report = await leader.reconcile('lead');
    expect(report.credentials).not.toBeNull();
    expect(report.problems).toEqual([{ code: 'SecretUnreadable', secret: 'orders-ca', message: expect.stringContaining('does not belong to the certificate') as string }]);
    expect(secrets.data('orders-ca')).toEqual(broken);
  });

  test('gets all certificates anew from an authority that a person has put there, and trusts what is published beside it', async () => {
    const { secrets, leader } = await runningCluster();
    const old = secrets.data('orders-ca')['tls.crt']!;
    const given = await makeAuthority('given', new Date());
    secrets.put('orders-ca', { 'tls.crt': given.certificate, 'tls.key': given.key, 'ca.crt': old });
    const { credentials, written } = await leader.reconcile('lead');
    expect(written.map(({ secret }) => secret).sort()).toEqual(['orders-agent', 'orders-app-user', 'orders-replication', 'orders-rewind', 'orders-server']);
    expect(new X509Certificate(credentials!.server.certificate).verify(new X509Certificate(given.certificate).publicKey)).toBe(true);
    expect(credentials!.authority.match(/BEGIN/g)).toHaveLength(2);
  });
});

describe('certificates', () => {
  test('name every instance and Service in every form that clients use, and the roles that they log in as', async () => {
    const { leader } = await runningCluster();
    const { server, replication, rewind, agent } = (await leader.reconcile('lead')).credentials!;
    const certificate = new X509Certificate(server.certificate);
    for (const host of ['orders-rw', 'orders-ro.shop', 'orders-r.shop.svc', 'orders-3-0.orders-instances.shop.svc', 'orders-1-0.orders-instances.shop.svc.cluster.local', 'localhost']) {
      expect([host, certificate.checkHost(host)]).toEqual([host, host]);
    }
    expect(certificate.checkHost('orders-4-0.orders-instances.shop.svc')).toBeUndefined();
    expect([replication, rewind, agent].map((pair) => new X509Certificate(pair.certificate).subject)).toEqual(['CN=cdk8s_replication', 'CN=cdk8s_rewind', 'CN=cdk8s-postgres-agent']);
  });

  test('of the server are made anew for a new instance, by the leader alone; a removed one changes nothing', async () => {
    const { leader, replica } = await runningCluster();
    expect((await replica.reconcile('keep', { spec: specOf(4) })).written).toEqual([]);
    const grown = await leader.reconcile('lead', { spec: specOf(4) });
    expect(grown.written.map(({ secret }) => secret)).toContain('orders-server');
    expect(new X509Certificate(grown.credentials!.server.certificate).checkHost('orders-4-0.orders-instances.shop.svc')).toBeDefined();
    expect((await leader.reconcile('lead', { spec: specOf(2) })).written.map(({ secret }) => secret)).toEqual(['orders-app-user']);
  });

  test('are renewed by the leader when a third of their life is left, not before, and not by others', async () => {
    const { leader, replica } = await runningCluster();
    expect((await leader.reconcile('lead', { now: inDays(240) })).written).toEqual([]);
    expect((await replica.reconcile('keep', { now: inDays(250) })).written).toEqual([]);
    const renewed = await leader.reconcile('lead', { now: inDays(250) });
    expect(renewed.written.map(({ secret }) => secret).sort()).toEqual(['orders-agent', 'orders-replication', 'orders-rewind', 'orders-server']);
    expect(Date.parse(new X509Certificate(renewed.credentials!.agent.certificate).validTo)).toBeGreaterThan(inDays(600).getTime());
  });

  test('of a cluster that says for how long live that long, are renewed when it says, and at once where they would live longer', async () => {
    const { leader } = await runningCluster();
    const minutes = (count: number) => new Date(Date.now() + count * 60_000);
    const spec = { ...specOf(3), certificates: { validity: { duration: 3600, renewBefore: 1200 } } };
    const all = ['orders-agent', 'orders-replication', 'orders-rewind', 'orders-server'];
    const shortened = await leader.reconcile('lead', { spec });
    expect(shortened.written.map(({ secret }) => secret).sort()).toEqual(all);
    for (const pair of [shortened.credentials!.server, shortened.credentials!.rewind]) {
      const left = Date.parse(new X509Certificate(pair.certificate).validTo) - Date.now();
      expect(left).toBeGreaterThan(3_500_000);
      expect(left).toBeLessThanOrEqual(3_600_000);
    }
    for (const now of [minutes(0), minutes(39)]) expect((await leader.reconcile('lead', { spec, now })).written).toEqual([]);
    expect((await leader.reconcile('lead', { spec, now: minutes(41) })).written.map(({ secret }) => secret).sort()).toEqual(all);
    expect((await leader.reconcile('lead', { spec, now: minutes(42) })).written).toEqual([]);
  });

  test('that have all ended while the cluster was stopped are made anew by who leads it again, and then taken by the others', async () => {
    const { leader, replica } = await runningCluster();
    const now = inDays(400);
    const before = await replica.reconcile('keep', { now });
    expect(before.credentials).toBeNull();
    const renewed = await leader.reconcile('lead', { now });
    expect(renewed.credentials).not.toBeNull();
    expect(await replica.reconcile('keep', { now })).toMatchObject({ credentials: renewed.credentials, problems: [] });
  });

  test('that could not be renewed are used as long as they are valid', async () => {
    const { secrets, leader } = await runningCluster();
    const { credentials } = await leader.reconcile('lead');
    secrets.fill = async () => ({ ok: false, kind: 'forbidden', message: 'no' });
    const report = await leader.reconcile('lead', { now: inDays(300) });
    expect(report.credentials).toEqual(credentials);
    expect(new Set(codes(report))).toEqual(new Set(['SecretForbidden']));
  });

  test('that somebody has broken are put back as they were by the leader', async () => {
    const { secrets, leader } = await runningCluster();
    const before = secrets.data('orders-server');
    secrets.put('orders-server', { ...before, 'tls.crt': 'garbage' });
    await leader.reconcile('lead');
    expect(secrets.data('orders-server')).toEqual(before);
  });

  test('are accepted on a node whose clock is a day behind', async () => {
    const { leader } = await runningCluster();
    const { validFrom } = new X509Certificate((await leader.reconcile('lead')).credentials!.server.certificate);
    expect(Date.parse(validFrom)).toBeLessThan(inDays(-1).getTime());
  });
});

describe('copies on the volume', () => {
  test('are readable by nobody else', async () => {
    const { replica } = await runningCluster();
    const files = readdirSync(replica.volume);
    expect(files.sort()).toEqual(SECRETS.map((name) => `${name}.json`).sort());
    expect(files.map((file) => statSync(join(replica.volume, file)).mode % 0o1000)).toEqual(files.map(() => 0o600));
  });

  test('follow what a person changes', async () => {
    const { secrets, replica } = await runningCluster();
    secrets.put('orders-app-user', { ...secrets.data('orders-app-user'), password: 'changed' });
    await replica.reconcile('keep');
    expect(readFileSync(join(replica.volume, 'orders-app-user.json'), 'utf8')).toContain('"password":"changed"');
  });

  test('that are broken count as none', async () => {
    const { secrets, replica } = await runningCluster();
    for (const file of readdirSync(replica.volume)) writeFileSync(join(replica.volume, file), '{"v":1,"data":');
    replica.restart();
    secrets.put('orders-ca', {});
    expect(codes(await replica.reconcile('keep'))).toEqual(['AuthorityMissing']);
  });

  test('that cannot be written are reported, and nothing else suffers', async () => {
    const { secrets } = await runningCluster();
    const agent = new Agent(secrets);
    rmSync(agent.volume, { recursive: true });
    writeFileSync(agent.volume, 'a file where the directory should be');
    const report = await agent.reconcile('keep');
    expect(report.credentials).not.toBeNull();
    expect(new Set(codes(report))).toEqual(new Set(['CopyFailed']));
  });
});

describe('a pooler', () => {
  const pooled = { ...specOf(3), pooler: { service: 'orders-pooler', secret: 'orders-pooler', settings: {} } };

  test('gets a certificate that is a server\'s under its Service\'s names and a client\'s as its role, and users are told where it is', async () => {
    const { secrets, leader } = await runningCluster();
    secrets.put('orders-pooler', {});
    await leader.reconcile('lead', { spec: pooled });
    const certificate = new X509Certificate(secrets.data('orders-pooler')['tls.crt']!);
    expect(certificate.subject).toBe('CN=cdk8s_pooler');
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
    for (const name of ['orders-pooler', 'orders-pooler.shop.svc']) expect(certificate.checkHost(name)).toBe(name);
    const { password, ...user } = secrets.data('orders-app-user');
    expect(user).toMatchObject({
      'pooler-host': 'orders-pooler.shop.svc',
      'pooler-port': '5432',
      'pooler-uri': `postgresql://app:${password}@orders-pooler.shop.svc:5432/orders?sslmode=require`,
      'pooler-jdbc-uri': `jdbc:postgresql://orders-pooler.shop.svc:5432/orders?user=app&password=${password}&sslmode=require`,
    });
  });

  test('that is not there leaves no trace in the Secrets', async () => {
    const { secrets } = await runningCluster();
    expect(JSON.stringify(secrets.all())).not.toContain('pooler');
  });

  test('whose Secret is missing keeps nobody from his own', async () => {
    const { secrets, leader } = await runningCluster();
    const report = await leader.reconcile('lead', { spec: pooled });
    expect(codes(report)).toEqual(['SecretMissing']);
    expect(report.credentials).not.toBeNull();
    expect(secrets.data('orders-app-user')['pooler-host']).toBe('orders-pooler.shop.svc');
  });
});

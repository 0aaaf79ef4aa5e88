/** What people and their applications get: connection Secrets, certificates of users, certificates for the agents' API. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { Agent, runningCluster, SecretsInMemory, specOf } from './cluster';
import { makeAuthority } from '../../../src/agent/credentials/pki.js';
import type { ClientTlsSpec, ClusterSpec } from '../../../src/contract';

const DAY = 86_400_000;
const inDays = (days: number) => new Date(Date.now() + days * DAY);

describe('a user\'s connection Secret', () => {
  test('has everything an application needs to connect, in every form', async () => {
    const { secrets } = await runningCluster();
    const data = secrets.data('orders-app-user');
    const { password } = data;
    expect(data).toEqual({
      'host': 'orders-rw.shop.svc',
      'port': '5432',
      'dbname': 'orders',
      'user': 'app',
      'password': password,
      'uri': `postgresql://app:${password}@orders-rw.shop.svc:5432/orders?sslmode=require`,
      'jdbc-uri': `jdbc:postgresql://orders-rw.shop.svc:5432/orders?user=app&password=${password}&sslmode=require`,
      'multi-host-uri': `postgresql://app:${password}@orders-1-0.orders-instances.shop.svc:5432,orders-2-0.orders-instances.shop.svc:5432,orders-3-0.orders-instances.shop.svc:5432/orders?target_session_attrs=read-write&sslmode=require`,
      'ca.crt': secrets.data('orders-ca')['ca.crt'],
    });
  });

  test('keeps the password that a person has put there, and makes the rest fit it, special characters included', async () => {
    const { secrets, leader } = await runningCluster();
    secrets.put('orders-app-user', { password: 'p@ss/w:rd?' });
    const { passwords } = await leader.reconcile('lead');
    expect(passwords.get('app')).toBe('p@ss/w:rd?');
    const { password, uri } = secrets.data('orders-app-user');
    expect(password).toBe('p@ss/w:rd?');
    expect(decodeURIComponent(new URL(uri!).password)).toBe('p@ss/w:rd?');
    expect((await leader.reconcile('lead')).written).toEqual([]);
  });

  test('gets its old password back when only that was removed', async () => {
    const { secrets, leader } = await runningCluster();
    const { password, ...rest } = secrets.data('orders-app-user');
    secrets.put('orders-app-user', rest);
    await leader.reconcile('lead');
    expect(secrets.data('orders-app-user').password).toBe(password);
  });

  test('keeps keys that are not the agent\'s', async () => {
    const { secrets, leader } = await runningCluster();
    secrets.put('orders-app-user', { mine: 'yes', password: 'x' });
    await leader.reconcile('lead');
    expect(secrets.data('orders-app-user').mine).toBe('yes');
  });

  test('is filled for a user who is added later; another password is made for him', async () => {
    const { secrets, leader } = await runningCluster();
    secrets.put('orders-second', {});
    const users = [...specOf(3).users, { name: 'second', secret: 'orders-second', database: 'orders' }];
    const { passwords } = await leader.reconcile('lead', { spec: specOf(3, users) });
    expect(passwords.get('second')).toHaveLength(32);
    expect(passwords.get('second')).not.toBe(passwords.get('app'));
  });

  test('whose new password could not be stored leaves the user without one for now', async () => {
    const { secrets, leader } = await runningCluster();
    secrets.put('orders-second', {});
    secrets.fill = async () => ({ ok: false, kind: 'conflict', message: 'changed' });
    const users = [{ name: 'second', secret: 'orders-second', database: 'orders' }];
    expect((await leader.reconcile('lead', { spec: specOf(3, users) })).passwords).toEqual(new Map());
  });
});

describe('a user\'s certificate', () => {
  const withTls = (clientTls: ClientTlsSpec, more: Partial<ClusterSpec> = {}): ClusterSpec => ({ ...specOf(3), clientTls, ...more });
  const VERIFY = withTls('verify');
  const shown = (data: Record<string, string>) => new X509Certificate(data['tls.crt']!);

  test('is there, by the user\'s name and for clients alone, where they must show one; elsewhere it is not', async () => {
    const { secrets, leader } = await runningCluster();
    for (const mode of ['disable', 'allow', 'require'] as const) {
      await leader.reconcile('lead', { spec: withTls(mode) });
      expect(Object.keys(secrets.data('orders-app-user'))).not.toContain('tls.crt');
    }
    const { password } = secrets.data('orders-app-user');
    expect((await leader.reconcile('lead', { spec: VERIFY })).written.map(({ secret }) => secret)).toEqual(['orders-app-user']);
    const data = secrets.data('orders-app-user');
    expect(shown(data)).toMatchObject({ subject: 'CN=app', keyUsage: ['1.3.6.1.5.5.7.3.2'], ca: false });
    expect(shown(data).verify(new X509Certificate(secrets.data('orders-ca')['tls.crt']!).publicKey)).toBe(true);
    expect(shown(data).checkPrivateKey(createPrivateKey(data['tls.key']!))).toBe(true);
    expect(data).toMatchObject({ password, 'uri': expect.stringMatching(/sslmode=require$/), 'ca.crt': secrets.data('orders-ca')['ca.crt'] });
    expect((await leader.reconcile('lead', { spec: VERIFY })).written).toEqual([]);
  });

  test('comes with the rest when the cluster is new', async () => {
    const secrets = new SecretsInMemory();
    const agent = new Agent(secrets);
    await agent.reconcile('found', { spec: VERIFY });
    await agent.reconcile('lead', { spec: VERIFY });
    expect(Object.keys(secrets.data('orders-app-user'))).toEqual(expect.arrayContaining(['password', 'uri', 'tls.crt', 'tls.key']));
  });

  test('is renewed like the others, by the leader alone, for as long as the cluster says', async () => {
    const { secrets, leader, replica } = await runningCluster();
    await leader.reconcile('lead', { spec: VERIFY });
    const first = secrets.data('orders-app-user')['tls.crt'];
    const rest = ({ 'tls.crt': _, 'tls.key': __, ...data }: Record<string, string>) => data;
    const before = rest(secrets.data('orders-app-user'));
    await leader.reconcile('lead', { spec: VERIFY, now: inDays(240) });
    await replica.reconcile('keep', { spec: VERIFY, now: inDays(250) });
    expect(secrets.data('orders-app-user')['tls.crt']).toBe(first);
    await leader.reconcile('lead', { spec: VERIFY, now: inDays(250) });
    expect(Date.parse(shown(secrets.data('orders-app-user')).validTo)).toBeGreaterThan(inDays(600).getTime());
    expect(rest(secrets.data('orders-app-user'))).toEqual(before);
    const spec = withTls('verify', { certificates: { validity: { duration: 3600, renewBefore: 1200 } } });
    await leader.reconcile('lead', { spec });
    expect(Date.parse(shown(secrets.data('orders-app-user')).validTo)).toBeLessThanOrEqual(Date.now() + 3_600_000);
  });

  test('of a Secret that was emptied is put back as it was, by a replica alone', async () => {
    const { secrets, leader, replica } = await runningCluster();
    await leader.reconcile('lead', { spec: VERIFY });
    await replica.reconcile('keep', { spec: VERIFY });
    const before = secrets.data('orders-app-user');
    for (const duty of ['keep', 'lead'] as const) {
      secrets.put('orders-app-user', {});
      replica.restart();
      await replica.reconcile(duty, { spec: VERIFY });
      expect(secrets.data('orders-app-user')).toEqual(before);
    }
  });

  test('that is broken, missing by half, or signed by an authority that was replaced, is made anew', async () => {
    const { secrets, leader } = await runningCluster();
    await leader.reconcile('lead', { spec: VERIFY });
    const whole = secrets.data('orders-app-user');
    for (const broken of [{ ...whole, 'tls.crt': 'garbage' }, { ...whole, 'tls.key': '' }]) {
      secrets.put('orders-app-user', broken);
      await leader.reconcile('lead', { spec: VERIFY });
      const data = secrets.data('orders-app-user');
      expect(shown(data).checkPrivateKey(createPrivateKey(data['tls.key']!))).toBe(true);
    }
    const given = await makeAuthority('given', new Date());
    secrets.put('orders-ca', { 'tls.crt': given.certificate, 'tls.key': given.key, 'ca.crt': secrets.data('orders-ca')['tls.crt']! });
    await leader.reconcile('lead', { spec: VERIFY });
    expect(shown(secrets.data('orders-app-user')).verify(new X509Certificate(given.certificate).publicKey)).toBe(true);
  });

  test('is kept good where it is no longer asked for, because who still shows it would be refused when it ends', async () => {
    const { secrets, leader } = await runningCluster();
    await leader.reconcile('lead', { spec: VERIFY });
    expect((await leader.reconcile('lead')).written).toEqual([]);
    await leader.reconcile('lead', { now: inDays(250) });
    expect(Date.parse(shown(secrets.data('orders-app-user')).validTo)).toBeGreaterThan(inDays(600).getTime());
    const { 'tls.crt': _, 'tls.key': __, ...rest } = secrets.data('orders-app-user');
    secrets.put('orders-app-user', rest);
    await leader.reconcile('lead');
    expect(Object.keys(secrets.data('orders-app-user'))).not.toContain('tls.crt');
  });

  test('that somebody else has put beside the connection is left alone where none is asked for', async () => {
    const { secrets, leader } = await runningCluster();
    const mine = { ...secrets.data('orders-app-user'), 'tls.crt': 'mine', 'tls.key': 'mine' };
    secrets.put('orders-app-user', mine);
    await leader.reconcile('lead');
    expect(secrets.data('orders-app-user')).toEqual(mine);
  });

  test('is never one by which a part of the cluster is known', async () => {
    for (const name of ['cdk8s-postgres-agent', 'cdk8s-postgres-pgbackrest', 'cdk8s_replication']) {
      const { secrets, leader } = await runningCluster();
      const users = [{ name, secret: 'orders-app-user', database: 'orders' }];
      await leader.reconcile('lead', { spec: withTls('verify', { users }) });
      expect(secrets.data('orders-app-user')).toMatchObject({ user: name });
      expect(Object.keys(secrets.data('orders-app-user'))).not.toContain('tls.crt');
    }
  });
});

test('where clients come without TLS their connection Secrets say so, in every form', async () => {
  const { secrets, leader } = await runningCluster();
  secrets.put('orders-pooler', {});
  const spec: ClusterSpec = { ...specOf(3), pooler: { service: 'orders-pooler', secret: 'orders-pooler', settings: {} }, clientTls: 'disable' };
  await leader.reconcile('lead', { spec });
  const uris = Object.entries(secrets.data('orders-app-user')).filter(([key]) => key.endsWith('uri'));
  expect(uris.map(([key, uri]) => [key, /[?&]sslmode=disable$/.test(uri)])).toEqual(['uri', 'jdbc-uri', 'multi-host-uri', 'pooler-uri', 'pooler-jdbc-uri'].map((key) => [key, true]));
});

describe('certificates of those who call the agents\' API', () => {
  const accessSecrets = { viewer: 'orders-viewer', operator: 'orders-operator', admin: 'orders-admin' };
  const spec: ClusterSpec = { ...specOf(3), objects: { ...specOf(3).objects, accessSecrets } };

  test('are made by the leader alone, each with the name of its level, for clients alone', async () => {
    const { secrets, leader, replica } = await runningCluster();
    for (const name of Object.values(accessSecrets)) secrets.put(name, {});
    expect((await replica.reconcile('keep', { spec })).written).toEqual([]);
    const { written, problems } = await leader.reconcile('lead', { spec });
    expect([written.map(({ secret }) => secret), problems]).toEqual([['orders-viewer', 'orders-operator', 'orders-admin'], []]);
    for (const [level, name] of Object.entries(accessSecrets)) {
      const certificate = new X509Certificate(secrets.data(name)['tls.crt']!);
      expect([certificate.subject, certificate.keyUsage]).toEqual([`CN=cdk8s-postgres-${level}`, ['1.3.6.1.5.5.7.3.2']]);
      expect(certificate.verify(new X509Certificate(secrets.data('orders-ca')['tls.crt']!).publicKey)).toBe(true);
    }
    expect((await leader.reconcile('lead', { spec })).written).toEqual([]);
  });

  test('that cannot be stored keep nothing else from being made', async () => {
    const { secrets, leader } = await runningCluster();
    const report = await leader.reconcile('lead', { spec });
    expect(report.credentials).not.toBeNull();
    expect(report.passwords.get('app')).toBe(secrets.data('orders-app-user').password);
    expect(report.problems.map(({ code, secret }) => [code, secret])).toEqual(Object.values(accessSecrets).map((name) => ['SecretMissing', name]));
  });
});

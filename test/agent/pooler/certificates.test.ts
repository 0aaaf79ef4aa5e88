/** The certificate that somebody else keeps for the pooler's clients, as a pod of the pooler takes it. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { VolumeCopies } from '../../../src/agent/credentials/copies.js';
import { bundle, issue, makeAuthority } from '../../../src/agent/credentials/pki.js';
import { PoolerCertificates } from '../../../src/agent/pooler/certificates.js';
import { ProblemBoard } from '../../../src/agent/problems.js';
import type { ClusterSpec } from '../../../src/contract';
import { NAMESPACE, runningCluster, specOf, type SecretsInMemory } from '../credentials/cluster';

const OWN = 'orders-pooler';
const SECRET = 'orders-pooler-tls';
const NAME = 'orders-pooler.shop.svc';
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000);
const withPooler = (secret: string | null, name?: string): ClusterSpec => ({
  ...specOf(3), pooler: { service: OWN, secret: OWN, settings: {}, ...secret === null ? {} : { certificate: { secret, name } } },
});
const spec = withPooler(SECRET);

async function company(commonName = 'company') {
  const authority = await makeAuthority(commonName, new Date());
  return {
    authority,
    issue: async (names = [NAME], days = 90) => {
      const { certificate, key } = await issue(authority, { commonName: 'pooler', usage: 'server', dnsNames: names }, new Date(), { duration: days * 86_400, renewBefore: 60 });
      return { 'tls.crt': certificate, 'tls.key': key, 'ca.crt': authority.certificate };
    },
  };
}

/** One pod; `restart` is that of its container. */
class Pod {
  readonly problems = new ProblemBoard(pino({ level: 'silent' }), { tell: () => undefined });
  readonly #directory = mkdtempSync(join(process.env.CDK8S_POSTGRES_TEST_DIR ?? tmpdir(), 'pooler-'));
  now = new Date();
  spec = spec;
  shown: string | null = null;
  #certificates!: PoolerCertificates;

  constructor(private readonly secrets: SecretsInMemory) {
    this.restart();
  }

  restart(): void {
    this.shown = null;
    this.#certificates = new PoolerCertificates({
      secrets: this.secrets, copies: new VolumeCopies(this.#directory), namespace: NAMESPACE, problems: this.problems, spec: () => this.spec, now: () => this.now,
    });
  }

  /** What clients see after this round. */
  async look(): Promise<string | null> {
    const pairs = await this.#certificates.changed();
    if (pairs !== null) this.shown = (pairs.given ?? pairs.own).certificate;
    return this.shown;
  }

  get told(): string[] { return this.problems.current.map(({ code, message }) => `${code}: ${message}`); }
}

/** A cluster whose leader has filled the pooler's own Secret, and a pod of the pooler. */
async function pooled(data?: Record<string, string>) {
  const cluster = await runningCluster();
  cluster.secrets.put(OWN, {});
  if (data !== undefined) cluster.secrets.put(SECRET, data);
  for (let round = 0; round < 2; round++) await cluster.leader.reconcile('lead', { spec });
  const own = (): string => cluster.secrets.data(OWN)['tls.crt']!;
  return { ...cluster, pod: new Pod(cluster.secrets), own };
}

test('a new pod shows it from the beginning; another one a round after it was first seen, and nothing is done while it stays', async () => {
  const ca = await company();
  const first = await ca.issue();
  const { pod, secrets } = await pooled(first);
  expect(await pod.look()).toBe(first['tls.crt']);
  const second = await ca.issue();
  secrets.put(SECRET, second);
  expect(await pod.look()).toBe(first['tls.crt']);
  expect(await pod.look()).toBe(second['tls.crt']);
  pod.shown = 'nothing new';
  expect(await pod.look()).toBe('nothing new');
  expect(pod.told).toEqual([]);
});

test.each<[string, (good: Awaited<ReturnType<Awaited<ReturnType<typeof company>>['issue']>>) => Promise<Record<string, string>>, string]>([
  ['carries another name', async () => (await company()).issue(['orders-rw.shop.svc']), `it does not carry the name ${NAME}`],
  ['has the key of another', async (good) => ({ ...good, 'tls.key': (await (await company()).issue())['tls.key'] }), 'the private key does not belong to the certificate'],
  ['is signed by somebody unknown', async (good) => ({ ...(await (await company('stranger')).issue()), 'ca.crt': good['ca.crt'] }), 'the chain does not end in a self-signed authority'],
  ['lacks its authority', async ({ 'ca.crt': _, ...rest }) => rest, 'it lacks ca.crt'],
])('one that %s is told and not taken: the last good one goes on, also over a restart of the container', async (_, broken, why) => {
  const good = await (await company()).issue();
  const { pod, secrets } = await pooled(good);
  await pod.look();
  secrets.put(SECRET, await broken(good));
  for (const restart of [false, true]) {
    if (restart) pod.restart();
    expect(await pod.look()).toBe(good['tls.crt']);
    expect(pod.told).toEqual([expect.stringMatching(/^CredentialsProblem: Secret orders-pooler-tls, the certificate for clients of the pooler, cannot be used: .* the last good one is shown until it expires at /)]);
    expect(pod.told[0]).toContain(why);
  }
  secrets.put(SECRET, good);
  await pod.look();
  expect(pod.told).toEqual([]);
});

test('until there is one, and when the last good one has expired, the cluster\'s own is shown', async () => {
  const { pod, secrets, own } = await pooled();
  expect(await pod.look()).toBe(own());
  expect(pod.told).toEqual([expect.stringContaining('it is not there; the cluster\'s own is shown meanwhile')]);
  const short = await (await company()).issue([NAME], 30);
  secrets.put(SECRET, short);
  await pod.look();
  expect(await pod.look()).toBe(short['tls.crt']);
  pod.now = inDays(31);
  expect(await pod.look()).toBe(own());
  expect(pod.told).toEqual([expect.stringContaining('expired at')]);
});

test('an API server that is silent takes nothing away', async () => {
  const good = await (await company()).issue();
  const { pod, secrets } = await pooled(good);
  await pod.look();
  for (const name of [OWN, SECRET]) secrets.failing.set(name, 'unreachable');
  pod.shown = 'as it was';
  expect(await pod.look()).toBe('as it was');
  expect(pod.told).toHaveLength(2);
});

test('one that the program does not ask for any more is given up', async () => {
  const { pod, own } = await pooled(await (await company()).issue());
  await pod.look();
  pod.spec = withPooler(null);
  expect(await pod.look()).toBe(own());
  expect(pod.told).toEqual([]);
});

test('users learn its authority beside the cluster\'s, and keep it while a broken one is in its place', async () => {
  const ca = await company();
  const { leader, secrets } = await pooled(await ca.issue());
  const trusted = () => secrets.data('orders-app-user')['ca.crt'];
  const own = secrets.data('orders-ca')['ca.crt']!;
  const both = bundle(ca.authority.certificate, own);
  expect(trusted()).toBe(both);
  // Nobody else does: the pooler knows its clients, and PostgreSQL, by the cluster's alone.
  expect(secrets.data(OWN)).toMatchObject({ 'ca.crt': own });
  expect(secrets.data(OWN)).not.toHaveProperty('server-ca.crt');
  secrets.put(SECRET, { 'tls.crt': 'x' });
  const report = await leader.reconcile('lead', { spec });
  expect(report.problems.map(({ message }) => message)).toEqual([expect.stringContaining('the certificate for clients of the pooler, cannot be used')]);
  expect(trusted()).toBe(both);
  await leader.reconcile('lead', { spec: withPooler(null) });
  expect(trusted()).toBe(own);
});

test('one Secret for PostgreSQL and the pooler is good for whomever it names: what one takes is not taken for the other\'s last good one', async () => {
  const ca = await company();
  const shared: ClusterSpec = { ...withPooler('orders-tls'), certificates: { server: { secret: 'orders-tls' } } };
  const { leader, secrets } = await runningCluster();
  secrets.put(OWN, {});
  const both = await ca.issue(['orders-rw.shop.svc', NAME]);
  secrets.put('orders-tls', both);
  for (let round = 0; round < 2; round++) await leader.reconcile('lead', { spec: shared });
  const pod = new Pod(secrets);
  pod.spec = shared;
  expect(await pod.look()).toBe(both['tls.crt']);
  const forPooler = await ca.issue([NAME]);
  secrets.put('orders-tls', forPooler);
  for (let round = 0; round < 2; round++) {
    const { credentials, problems } = await leader.reconcile('lead', { spec: shared });
    expect(credentials!.shown.certificate).toBe(both['tls.crt']);
    expect(problems.map(({ message }) => message)).toEqual([expect.stringContaining('it does not carry the name orders-rw.shop.svc')]);
    await pod.look();
  }
  expect(pod.shown).toBe(forPooler['tls.crt']);
});

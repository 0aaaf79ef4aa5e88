import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { Agent, NAMESPACE, SecretsInMemory, specOf } from './cluster';
import { CredentialsKeeper } from '../../../src/agent/duties/credentials.js';
import { ProblemBoard } from '../../../src/agent/problems.js';

const spec = { ...specOf(3), backups: { stanza: 'orders', certificateSecret: 'orders-pgbackrest', requestSecret: 'orders-backup', host: 'orders-repo', repos: [] } };

test('pgBackRest\'s certificate reaches an instance also when it is filled after all others, or renewed apart from them', async () => {
  const secrets = new SecretsInMemory();
  for (const name of ['orders-pgbackrest', 'orders-backup']) secrets.put(name, {});
  const leader = new Agent(secrets);
  await leader.reconcile('found');
  let renewals = 0;
  const root = mkdtempSync(join(process.env.CDK8S_POSTGRES_TEST_DIR ?? tmpdir(), 'keeper-'));
  const log = pino({ level: 'silent' });
  const replica = new CredentialsKeeper({
    namespace: NAMESPACE, secrets, spec: () => spec, snapshot: () => null, log, problems: new ProblemBoard(log, { tell: () => undefined }),
    directories: { copies: join(root, 'copies'), certificates: join(root, 'certificates'), monitoring: join(root, 'no-exporter') },
    renewed: async () => { renewals++; }, filled: () => undefined,
  });

  await replica.run();
  expect(replica.current).toMatchObject({ pgBackRest: null });
  const made = (await leader.reconcile('lead', { spec })).credentials!.pgBackRest;
  expect(made).not.toBeNull();
  await replica.run();
  expect(replica.current!.pgBackRest).toEqual(made);

  const inTwoYears = new Date(Date.now() + 2 * 365 * 86_400_000);
  const renewed = (await leader.reconcile('lead', { spec, now: inTwoYears })).credentials!.pgBackRest;
  expect(renewed).not.toEqual(made);
  await replica.run();
  expect(replica.current!.pgBackRest).toEqual(renewed);
  // PostgreSQL and the agents' API are told of their own ones only: at first, and when those were renewed.
  expect(renewals).toBe(2);
});

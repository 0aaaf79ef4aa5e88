import { BACKUPS, pod, spec } from './seen';
import { backupJob } from '../../src/cli/backup-job';
import { EXIT } from '../../src/cli/exit';
import { age, bytes } from '../../src/cli/format';
import { shorten, splitTime } from '../../src/cli/log-line';
import { explain } from '../../src/cli/refusal';

test('log lines are stamped so that they compare as text, whatever the length of their fraction', () => {
  const [early, late] = ['2026-03-01T12:00:00.9Z {}', '2026-03-01T12:00:00.95Z {}'].map((line) => splitTime(line));
  expect(early.time < late.time).toBe(true);
  expect(early).toEqual({ time: '2026-03-01T12:00:00.900000000Z', text: '{}' });
});

test('a line for people has time, pod, level, message and details; PostgreSQL\'s own time is not repeated', () => {
  const at = '2026-03-01T12:00:00.123456789Z';
  const entry = { level: 'warn', time: at, instance: '1', pod: 'orders-1-0', code: 'Blocked', err: { message: 'no room' }, msg: 'it waits' };
  expect(shorten('orders-1-0', { time: at, text: JSON.stringify(entry) })).toBe('03-01 12:00:00.123  orders-1-0  warn   it waits  code=Blocked  err="no room"');
  const postgres = { level: 'info', source: 'postgres', msg: '2026-03-01 12:00:00.120 UTC [50] LOG:  checkpoint starting: time' };
  expect(shorten('orders-1-0', { time: at, text: JSON.stringify(postgres) })).toBe('03-01 12:00:00.123  orders-1-0  info   postgres: [50] LOG:  checkpoint starting: time');
  expect(shorten('orders-1-0', { time: at, text: '{ no JSON' })).toContain('{ no JSON');
});

test('figures are short', () => {
  expect([0, 1023, 1024, 150 * 1024, 3.5 * 1024 ** 3].map((count) => bytes(count))).toEqual(['0 B', '1023 B', '1.0 KiB', '150 KiB', '3.5 GiB']);
  expect([0, 59, 60, 3_600, 7_320, 90_000, 86_400 * 12 + 60].map((seconds) => age(seconds))).toEqual(['0s', '59s', '1m', '1h', '2h2m', '1d1h', '12d']);
});

test('a refusal names the right that is missing and what gives it', () => {
  const message = 'pods "orders-1-0:8008" is forbidden: User "anna" cannot get resource "pods/proxy" in API group "" in the namespace "shop"';
  for (const body of [JSON.stringify({ kind: 'Status', message }), { kind: 'Status', message }]) {
    const failure = explain({ code: 403, body }, 'https://api');
    expect(failure.code).toBe(EXIT.refused);
    expect(failure.message).toBe('anna may not get pods/proxy in namespace shop. What gives the right: a Role with the rule { apiGroups: [""], resources: ["pods/proxy"], verbs: ["get"] }');
  }
  const cluster = 'configmaps is forbidden: User "anna" cannot list resource "configmaps" in API group "" at the cluster scope';
  expect(explain({ code: 403, body: { message: cluster } }, '').message).toContain('in all namespaces. What gives the right: a ClusterRole');
});

test('an API server that cannot be reached is named', () => {
  expect(explain(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }), 'https://api:6443')).toMatchObject({
    code: EXIT.failed, message: 'the API server https://api:6443 cannot be reached: connect ECONNREFUSED',
  });
});

const LIKE = pod('orders-1-0', {
  raw: {
    spec: {
      containers: [], securityContext: { runAsUser: 999, runAsNonRoot: true }, imagePullSecrets: [{ name: 'registry' }],
      initContainers: [{ name: 'agent', image: 'agent:1', securityContext: { readOnlyRootFilesystem: true } }],
    },
  },
});

test('the Job of a backup asks the repo host, in a pod that may be admitted where the cluster\'s own are', () => {
  const job = backupJob('shop', spec({ backups: BACKUPS }), LIKE, { type: 'diff', repo: 1 });
  expect(job.metadata).toMatchObject({ generateName: 'orders-diff-', namespace: 'shop' });
  const { metadata, spec: podSpec } = job.spec!.template;
  expect(metadata?.labels).toMatchObject({ 'cdk8s-postgres/cluster': 'orders', 'cdk8s-postgres/component': 'backup' });
  expect(podSpec).toMatchObject({ securityContext: { runAsUser: 999 }, imagePullSecrets: [{ name: 'registry' }], volumes: [{ secret: { secretName: 'orders-backup' } }] });
  expect(podSpec!.containers[0]).toMatchObject({ image: 'agent:1', securityContext: { readOnlyRootFilesystem: true } });
  expect(podSpec!.containers[0].command!.slice(-7)).toEqual(['request-backup', '--type', 'diff', '--repo', '1', '--host', 'orders-repo']);
});

test('without a repo host the Job asks every instance, until it finds the leader', () => {
  const command = backupJob('shop', spec({ backups: { ...BACKUPS, host: undefined } }), LIKE, { type: 'full', repo: 1 }).spec!.template.spec!.containers[0].command!;
  expect(command.slice(-4)).toEqual(['--host', 'orders-1-0.orders-instances', '--host', 'orders-2-0.orders-instances']);
});

test('a backup of a cluster without backups, or to a repo that it has not, is not asked for', () => {
  expect(() => backupJob('shop', spec(), LIKE, { type: 'full', repo: 1 })).toThrow('has no backups');
  expect(() => backupJob('shop', spec({ backups: BACKUPS }), LIKE, { type: 'full', repo: 2 })).toThrow('has no repo 2: there is repo 1');
});

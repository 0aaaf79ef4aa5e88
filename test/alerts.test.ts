import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duration, Size } from 'cdk8s';
import { BackupOptions, BackupSchedule, PgBackRestRepo, PostgresAlerts } from '../src/index';
import { Manifest, program, render } from './synth/render';

const repo = PgBackRestRepo.posix({ storage: { size: Size.gibibytes(10) } });
/** Daily, daily, monthly. */
const BACKUPS: BackupOptions = {
  repos: [repo, repo, repo],
  schedules: [
    BackupSchedule.full('0 1 * * 0'), BackupSchedule.incremental('0 1 * * 1-6'),
    BackupSchedule.full('30 2 * * *', { repo: 2 }), BackupSchedule.full('0 3 1 * *', { repo: 3 }),
  ],
};

const rule = (namespace?: string, backups = false): Manifest => render({
  metrics: { alerts: {} },
  ...backups && { backups: BACKUPS },
}, namespace).one('PrometheusRule', 'orders-alerts');

/** promtool's word on files; JSON is YAML. */
function promtool(args: string[], files: { [name: string]: object }): string {
  const folder = mkdtempSync(join(tmpdir(), 'alerts-'));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), JSON.stringify(content));
    return execFileSync('promtool', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(`${stdout ?? ''}${stderr ?? String(error)}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const LABELS = 'namespace="shop", cdk8s_postgres_cluster="orders"';
const series = (name: string, instance: string, values: string, more = '') => (
  { series: `cdk8s_postgres_${name}{${LABELS}, cdk8s_postgres_instance="${instance}"${more}}`, values });

/** Which alerts fire when the metrics are these, minute by minute unless said otherwise. */
function firing(metrics: object[], at: string, alertname: string, expected: object[], interval = '1m', every = '30s'): void {
  promtool(['test', 'rules', 'tests.json'], {
    'rules.json': rule('shop', true).spec,
    'tests.json': {
      rule_files: ['rules.json'],
      evaluation_interval: every,
      tests: [{
        interval,
        input_series: metrics,
        alert_rule_test: [{ eval_time: at, alertname, exp_alerts: expected }],
      }],
    },
  });
}

const noPrimary = [{
  exp_labels: { severity: 'critical', namespace: 'shop', cdk8s_postgres_cluster: 'orders' },
  exp_annotations: {
    summary: 'PostgreSQL takes no writes',
    description: 'No instance of cluster orders in namespace shop is primary. What each is waiting for: /status on port 8008 of the pods, and their Events.',
  },
}];

test('the rules are such as Prometheus takes', () => {
  expect(promtool(['check', 'rules', 'rules.json'], { 'rules.json': rule().spec })).toContain('SUCCESS: 4 rules found');
});

test.each([
  ['a failover is nobody\'s concern', ['1 1 0 0 0 0', '0 0 0 1 1 1'], '3m', []],
  ['nobody leads', ['1 1 0 0 0 0', '0 0 0 0 0 0'], '4m', noPrimary],
  ['nobody leads, and the pod of the last primary is gone', ['1 1 stale', '0 0 0 0 0 0'], '4m', noPrimary],
  ['nobody is there to say anything', ['1 1 stale', '0 0 stale'], '9m', noPrimary],
  ['somebody leads again', ['1 0 0 0 0 1', '0 0 0 0 0 0'], '5m', []],
])('no primary: %s', (_, [one, two], at, expected) => {
  firing([series('primary', '1', one), series('primary', '2', two)], at, 'PostgresNoPrimary', expected);
});

test.each([
  ['not while all stream', ['1x30', '1x30'], '20m', []],
  ['not while a rollout replaces one after the other', ['0x9 1x20', '1x14 0x9 1x5'], '26m', []],
  ['after a quarter of an hour', ['1x30', '0x30'], '20m', ['1']],
  ['also when the pod has gone', ['1x30', '1 stale'], '20m', ['1']],
])('replica missing: %s', (_, [two, three], at, present) => {
  firing([series('streaming', '1', '0x30'), series('streaming', '2', two), series('streaming', '3', three)], at, 'PostgresReplicaMissing', present.map((count) => ({
    exp_labels: { severity: 'warning', namespace: 'shop', cdk8s_postgres_cluster: 'orders' },
    exp_annotations: {
      summary: 'A replica of PostgreSQL is missing',
      description: `${count} of 2 replicas of cluster orders in namespace shop stream from the primary; the next failure may cost more than it should.`,
    },
  })));
});

test('lag: a replica that is behind for long is named, a short delay is not', () => {
  const lagging = [{
    exp_labels: { severity: 'warning', namespace: 'shop', cdk8s_postgres_cluster: 'orders', cdk8s_postgres_instance: '2' },
    exp_annotations: {
      summary: 'A replica of PostgreSQL is far behind',
      description: 'What instance 2 of cluster orders in namespace shop shows to its readers is 10m 0s old.',
    },
  }];
  firing([series('replay_lag_seconds', '2', '0 60+60x20'), series('replay_lag_seconds', '3', '0 0 90 0x20')], '10m', 'PostgresReplicationLag', lagging);
  firing([series('replay_lag_seconds', '2', '0x20')], '10m', 'PostgresReplicationLag', []);
});

test('volume filling: the volume and its instance are named', () => {
  const volume = (name: string, free: string) => [
    series('volume_available_bytes', '1', free, `, volume="${name}"`), series('volume_size_bytes', '1', '1000x20', `, volume="${name}"`),
  ];
  firing([...volume('data', '500x20'), ...volume('wal', '140x20')], '10m', 'PostgresVolumeFilling', [{
    exp_labels: { severity: 'critical', namespace: 'shop', cdk8s_postgres_cluster: 'orders', cdk8s_postgres_instance: '1', volume: 'wal' },
    exp_annotations: {
      summary: 'A volume of PostgreSQL is filling',
      description: 'Of volume wal of instance 1 of cluster orders in namespace shop only 14 % are free. A primary whose volume is full hands over, or takes no more writes: give it a larger size.',
    },
  }]);
});

const archiver = (what: string, values: string) => ({ series: `pg_stat_archiver_${what}_count{${LABELS}, cdk8s_postgres_instance="1"}`, values });
const archiveFailing = [{
  exp_labels: { severity: 'critical', namespace: 'shop', cdk8s_postgres_cluster: 'orders' },
  exp_annotations: {
    summary: 'PostgreSQL cannot archive its WAL',
    description: 'What cluster orders in namespace shop writes now is in no backup, and its WAL fills the volume. '
      + 'Why: the log of the primary, and its problems at /status on port 8008.',
  },
}];
test.each([
  ['nothing is written', '0x30', '5x30', []],
  ['a failure that is overcome at once', '0 1 1x30', '5 5 6+1x30', []],
  ['nothing but failures', '0+3x30', '5x30', archiveFailing],
])('archive failing: %s', (_, failed, succeeded, expected) => {
  firing([archiver('failed', failed), archiver('archived', succeeded)], '15m', 'PostgresArchiveFailing', expected);
});

const backup = (number: string, values: string) => series('backup_timestamp_seconds', 'orders-repo-0', values, `, repo="${number}"`);
const tooOld = (...repos: string[]) => repos.map((number) => ({
  exp_labels: { severity: 'warning', namespace: 'shop', cdk8s_postgres_cluster: 'orders', repo: number },
  exp_annotations: {
    summary: 'The newest backup of PostgreSQL is too old',
    description: `Repo ${number} of cluster orders in namespace shop has no backup that is young enough. Why: the Jobs of its schedules, and the problems at /status on port 8008.`,
  },
}));

// Time begins at 0 here; 28 hours later, and 32 days later.
test.each([
  ['the backup of last night', '28h', ['0x25 90000x10', '90000x40', '1x40'], []],
  ['one that a daily schedule has missed', '28h', ['1x40', '90000x40', '1x40'], ['1']],
  ['one that a monthly schedule has missed', '768h', ['2764800x800', '2764800x800', '1x800'], ['3']],
  ['a repo that has none', '28h', ['90000x40', '0x40', '1x40'], ['2']],
])('backup too old: %s', (_, at, [first, second, third], expected) => {
  firing([backup('1', first), backup('2', second), backup('3', third)], at, 'PostgresBackupTooOld', tooOld(...expected), '1h', '1h');
});

test.each<[string, BackupSchedule[], number]>([
  ['a full backup each Sunday and another on each other day', [BackupSchedule.full('0 1 * * sun'), BackupSchedule.incremental('0 1 * * mon-sat')], 24],
  ['each Sunday', [BackupSchedule.full('@weekly')], 7 * 24],
  ['on the first of each month', [BackupSchedule.full('0 3 1 * *')], 31 * 24],
  ['on working days', [BackupSchedule.full('0 3 * * 1-5')], 3 * 24],
  ['on the 1st and on Mondays, which is either of the two', [BackupSchedule.full('0 3 1 * 1')], 7 * 24],
  ['on each second day of the month that is a Monday, which is both', [BackupSchedule.full('0 3 * * 1/7')], 7 * 24],
  ['on a leap day', [BackupSchedule.full('0 0 29 2 *')], 1461 * 24],
  ['by day and by night', [BackupSchedule.full('0 1 * * *'), BackupSchedule.differential('0 9-17/4 * * *')], 8],
  ['in two time zones, of which one alone is told of', [BackupSchedule.full('0 1 * * 0'), BackupSchedule.differential('0 1 * * *', { timeZone: 'Asia/Tokyo' })], 24],
])('the age that a backup may have follows from the schedules of its repo: %s', (_, schedules, hours) => {
  const { expr } = render({ metrics: { alerts: {} }, backups: { repos: [repo], schedules } }).one('PrometheusRule', 'orders-alerts').spec.groups[0].rules[5];
  expect(expr).toMatch(new RegExp(`> ${(hours + 2) * 3600}$`));
});

test('without schedules there is no age to be told of, unless the program gives one; the archive is watched all the same', () => {
  const names = (alerts: object) => render({ metrics: { alerts }, backups: { repos: [repo, repo] } }).one('PrometheusRule', 'orders-alerts').spec.groups[0].rules
    .map(({ alert }: Manifest) => alert).slice(4);
  expect(names({})).toEqual(['PostgresArchiveFailing']);
  expect(names({ maximumBackupAge: { 2: Duration.days(3) } })).toEqual(['PostgresArchiveFailing', 'PostgresBackupTooOld']);
});

test('without backups nobody is told of an archive', () => {
  expect(render({ metrics: { alerts: {} } }).one('PrometheusRule', 'orders-alerts').spec.groups[0].rules).toHaveLength(4);
});

test('another cluster of the same Prometheus is not counted in', () => {
  const other = { series: 'cdk8s_postgres_primary{namespace="shop", cdk8s_postgres_cluster="billing", cdk8s_postgres_instance="1"}', values: '1x20' };
  firing([other, series('primary', '1', '0x20')], '10m', 'PostgresNoPrimary', noPrimary);
});

test('limits are the user\'s where given, and those that make no sense are refused', () => {
  const { chart, cluster } = program();
  const alerts = (id: string, props: object) => new PostgresAlerts(chart, id, { cluster, instances: 1, ...props });
  alerts('own', { instances: 3, maximumLag: Duration.seconds(5), lagFor: Duration.seconds(1), minimumFreePercent: 20, labels: { release: 'prometheus' } });
  const own = chart.toJson().find(({ kind }) => kind === 'PrometheusRule') as Manifest;
  expect(own.metadata.labels).toMatchObject({ release: 'prometheus' });
  const [, , lag, volume] = own.spec.groups[0].rules;
  expect([lag.expr, lag.for, volume.expr.split(' < ')[1]]).toEqual(['cdk8s_postgres_replay_lag_seconds{cdk8s_postgres_cluster="orders"} > 5', '1s', '20']);
  expect(() => alerts('many', { minimumFreePercent: 100 })).toThrow('[demo/many] "minimumFreePercent" is 100; give a percentage between 0 and 100');
  expect(() => alerts('repos', { maximumBackupAge: { first: Duration.days(1) } })).toThrow('"maximumBackupAge" is given for the repo "first"');
  expect(() => alerts('none', { instances: 0 })).toThrow('"instances" is 0; give the number of instances, one or more');
});

test('limits can be given with the cluster, over those that follow from its schedules', () => {
  const { rules } = render({ metrics: { alerts: { maximumLag: Duration.seconds(5), maximumBackupAge: { 3: Duration.days(40) } } }, backups: BACKUPS })
    .one('PrometheusRule', 'orders-alerts').spec.groups[0];
  expect(rules[2].expr).toMatch(/> 5$/);
  expect(rules[5].expr.match(/repo="\d"|> \d+/g)).toEqual(['repo="1"', '> 93600', 'repo="2"', '> 93600', 'repo="3"', `> ${40 * 86400}`]);
});

test('a cluster has one set of alerts: a second would be an object of the same name', () => {
  const { chart, cluster } = program({ metrics: { alerts: {} } });
  expect(() => new PostgresAlerts(chart, 'more', { cluster, instances: 3 })).toThrow('[demo/more] "cluster" is "orders", which has alerts already; leave one of them out');
});

test('a single instance has no replica to miss, and one that retires is not missed', () => {
  const names = (props: object) => render({ metrics: { alerts: {} }, ...props }).one('PrometheusRule', 'orders-alerts').spec.groups[0].rules.map(({ alert }: Manifest) => alert);
  expect(names({ instances: 1 })).toEqual(['PostgresNoPrimary', 'PostgresVolumeFilling']);
  const retiring = render({ metrics: { alerts: {} }, instanceList: [{ name: '1' }, { name: '2' }, { name: '3', retire: true }] });
  expect(retiring.one('PrometheusRule', 'orders-alerts').spec.groups[0].rules[1].expr).toMatch(/< 1$/);
});

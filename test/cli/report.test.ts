import { NOW, BACKUPS, pod, PRIMARY, REPLICA, seen, spec, status } from './seen';
import { primaryPod, replicaPod } from '../../src/cli/choose';
import { holdings, untold } from '../../src/cli/commands/backups';
import { details, overview } from '../../src/cli/commands/status';
import { parseLsn, reportOf } from '../../src/cli/report';
import type { InstanceStatus, RepoStatus } from '../../src/contract';

const codes = (...args: Parameters<typeof reportOf>) => reportOf(...args).problems.map(({ where, code }) => `${where} ${code}`);

test('a cluster with a primary, all ready and without problems is whole, and tells roles and lag', () => {
  const report = reportOf(seen(), NOW);
  expect(report).toMatchObject({ whole: true, primary: '1', timeline: 3, lease: { holder: '1', ageSeconds: 2, expired: false, term: 4 }, backups: null, problems: [] });
  expect(report.instances.map(({ role, lagBytes }) => [role, lagBytes])).toEqual([['primary', null], ['replica', 0x400]]);
});

test('a replica that was asked later than the primary does not lag behind by less than nothing', () => {
  const ahead = { ...REPLICA, status: status('2', { position: { timeline: 3, lsn: '0/5000800', history: [] } }) };
  expect(reportOf(seen({ heard: [PRIMARY, ahead] }), NOW).instances[1].lagBytes).toBe(0);
});

test('the halves of a position are those of a 64-bit number', () => {
  expect(parseLsn('16/B374D848')).toBe(0x16B374D848n);
  expect(parseLsn('1/0') - parseLsn('0/FFFFFFFF')).toBe(1n);
});

test.each([
  ['nobody has taken the Lease', { lease: null }],
  ['the Lease is free', { lease: { holder: null, renewedAt: NOW, durationSeconds: 10, term: 4 } }],
  ['it is not its holder\'s any more', { heard: [{ ...PRIMARY, status: { ...PRIMARY.status as InstanceStatus, lease: { view: 'unknown', slowestRenewalMs: 3 } as const } }, REPLICA] }],
  ['its holder is not primary yet', { lease: { holder: '2', renewedAt: NOW, durationSeconds: 10, term: 5 } }],
])('there is no primary when %s, whoever says that it is one', (_, more) => {
  const report = reportOf(seen(more), NOW);
  expect(report).toMatchObject({ whole: false, primary: null });
  expect(report.problems[0]).toMatchObject({ where: 'cluster', code: 'NoPrimary' });
});

const OLD_LEASE = { holder: '1', renewedAt: new Date(NOW.getTime() - 11_000), durationSeconds: 10, term: 4 };

test('a cluster is not judged by the clock of this machine, which may be ahead', () => {
  const report = reportOf(seen({ lease: OLD_LEASE }), NOW);
  expect(report).toMatchObject({ whole: true, primary: '1', lease: { ageSeconds: 11, expired: false } });
  expect(details(report, NOW)).toContain('lease: instance 1, renewed 11s ago, term 4');
});

test('a Lease whose holder is not heard has expired when it is old', () => {
  const report = reportOf(seen({ lease: OLD_LEASE, heard: [{ pod: PRIMARY.pod, status: 'no answer within 5 s' }, REPLICA] }), NOW);
  expect(report).toMatchObject({ whole: false, primary: null, lease: { expired: true } });
  expect(report.problems[0].message).toContain('the Lease of instance 1 has expired');
});

test('an instance without a pod, one that is not ready and one that is not heard are problems', () => {
  expect(codes(seen({ heard: [PRIMARY] }), NOW)).toEqual(['instance 2 NotReady']);
  const late = { pod: pod('orders-2-0', { ready: false }), status: status('2', { postgres: 'starting', doing: 'Busy', reason: 'it clones' }) };
  expect(reportOf(seen({ heard: [PRIMARY, late] }), NOW).problems).toEqual([{ where: 'instance 2', code: 'NotReady', message: 'Busy: it clones' }]);
  expect(codes(seen({ heard: [PRIMARY, { pod: REPLICA.pod, status: 'no answer within 5 s' }] }), NOW)).toEqual(['orders-2-0 Silent']);
});

test('an instance that is being retired may be gone', () => {
  const [one, two] = spec().instances;
  expect(reportOf(seen({ spec: spec({ instances: [one, { ...two, retire: true }] }), heard: [PRIMARY] }), NOW).whole).toBe(true);
});

test('what any agent has trouble with is told with its pod', () => {
  const troubled = { ...REPLICA, status: status('2', { problems: [{ code: 'Blocked', message: 'a volume is full' }] }) };
  const report = reportOf(seen({ heard: [PRIMARY, troubled] }), NOW);
  expect(report.problems).toEqual([{ where: 'orders-2-0', code: 'Blocked', message: 'a volume is full' }]);
  expect(details(report, NOW)).toContain('  orders-2-0: Blocked: a volume is full');
});

const ARCHIVER = { lastArchived: '000000030000000000000005', lastArchivedAge: 75, waiting: 1, lastFailed: null, failing: false };
const REPO: RepoStatus = {
  role: 'repo', ready: true, problems: [], stanza: 'created', running: null,
  backups: [
    { repo: 1, type: 'full', label: '20260228-120000F', stoppedAt: '2026-02-28T12:00:00.000Z', size: 5 * 1024 ** 3, added: 1024 ** 3 },
    { repo: 1, type: 'incr', label: '20260228-120000F_20260301-110000I', stoppedAt: '2026-03-01T11:00:00.000Z', size: 5 * 1024 ** 3, added: 900 },
  ],
  archives: [{ repo: 1, min: '000000010000000000000001', max: '000000030000000000000005' }],
};
const backedUp = (repo: RepoStatus | string = REPO) => {
  const primary = { ...PRIMARY, status: { ...PRIMARY.status as InstanceStatus, backups: { archiver: ARCHIVER } } };
  return seen({ spec: spec({ backups: BACKUPS }), heard: [primary, REPLICA, { pod: pod('orders-repo-0', { component: 'repo', instance: null }), status: repo }] });
};

test('the archive is the primary\'s to tell, the backups are the repo host\'s', () => {
  const text = details(reportOf(backedUp(), NOW), NOW);
  expect(text).toContain('archive: 000000030000000000000005, 1m15s ago, 1 files wait');
  expect(text).toContain('last backup: incr, 1h ago');
  expect(text).toContain('repo host: orders-repo-0, ready');
});

test('a repo host that is not heard leaves its backups unknown, and is a problem', () => {
  const report = reportOf(backedUp('no answer within 5 s'), NOW);
  expect(report.backups?.backups).toBeUndefined();
  expect(report.problems).toMatchObject([{ where: 'orders-repo-0', code: 'Silent' }]);
});

test('a repo host without a pod is a problem, and nobody else is asked what the repos hold', () => {
  const { backups } = REPO;
  const primary = { ...PRIMARY, status: { ...PRIMARY.status as InstanceStatus, backups: { archiver: ARCHIVER, backups } } };
  const report = reportOf(seen({ spec: spec({ backups: BACKUPS }), heard: [primary, REPLICA] }), NOW);
  expect(report).toMatchObject({ whole: false, problems: [{ where: 'repo host', code: 'NotReady' }], backups: { repoHost: null, archiver: ARCHIVER } });
  expect(report.backups?.backups).toBeUndefined();
  expect(untold(true, report.backups!)).toBe('the repo host, which makes the backups, has no pod');
  expect(untold(false, report.backups!)).toContain('the primary');
});

test('a pooler without pods is a problem; one pod that is ready is enough', () => {
  const pooled = spec({ pooler: { service: 'orders-pooler', secret: 'orders-pooler', settings: {} } });
  expect(codes(seen({ spec: pooled }), NOW)).toEqual(['pooler NotReady']);
  const pooler = { pod: pod('orders-pooler-x', { component: 'pooler', instance: null }), status: { problems: [] } };
  expect(codes(seen({ spec: pooled, heard: [PRIMARY, REPLICA, pooler] }), NOW)).toEqual([]);
});

test('without a repo host the primary tells what the repos hold', () => {
  const { backups, archives } = REPO;
  const primary = { ...PRIMARY, status: { ...PRIMARY.status as InstanceStatus, backups: { archiver: ARCHIVER, backups, archives } } };
  expect(reportOf(seen({ spec: spec({ backups: { ...BACKUPS, host: undefined } }), heard: [primary, REPLICA] }), NOW).backups).toMatchObject({ backups, archives, repoHost: null });
});

test('holdings are told by repo, the newest first', () => {
  expect(holdings(reportOf(backedUp(), NOW).backups!, NOW)).toBe([
    'REPO  TYPE  BACKUP                             FINISHED                  AGE     DATABASE  ADDED',
    '1     incr  20260228-120000F_20260301-110000I  2026-03-01T11:00:00.000Z  1h ago  5.0 GiB   900 B',
    '1     full  20260228-120000F                   2026-02-28T12:00:00.000Z  1d ago  5.0 GiB   1.0 GiB',
    '',
    'REPO  ARCHIVE FROM              TO',
    '1     000000010000000000000001  000000030000000000000005',
  ].join('\n'));
});

test('several clusters are a line each', () => {
  expect(overview([reportOf(seen(), NOW)], NOW)).toBe([
    'NAMESPACE  CLUSTER  POSTGRES  STATUS  READY  PRIMARY  TIMELINE  LAST BACKUP  PROBLEMS',
    'shop       orders   17        whole   2/2    1        3         -            0',
  ].join('\n'));
});

test('the primary\'s pod is the Lease holder\'s; a replica is the ready one that lags least', () => {
  const { lease, heard } = seen();
  expect(primaryPod(lease, heard.map((one) => one.pod)).name).toBe('orders-1-0');
  expect(() => primaryPod(null, [])).toThrow('nobody holds the Lease');
  const far = { pod: pod('orders-3-0'), status: status('3', { position: { timeline: 3, lsn: '0/1000000', history: [] } }) };
  const three = seen({ spec: spec({ instances: [...spec().instances, { ...spec().instances[1], name: '3' }] }), heard: [PRIMARY, far, REPLICA] });
  expect(replicaPod(reportOf(three, NOW), three.heard).name).toBe('orders-2-0');
  const alone = seen({ heard: [PRIMARY] });
  expect(() => replicaPod(reportOf(alone, NOW), alone.heard)).toThrow('no replica');
});

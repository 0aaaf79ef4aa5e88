import { Size } from 'cdk8s';
import { Bootstrap, PgBackRestRepo, RecoveryTarget } from '../src/index';
import type { FromBackupOptions, S3RepoOptions } from '../src/index';
import { render } from './synth/render';

const S3: S3RepoOptions = {
  endpoint: 's3.example.com', bucket: 'backups', region: 'eu', path: '/shop', credentialsSecret: 's3-keys', passphrase: { secretName: 's3-passphrase', key: 'text' },
};
const from = (more: Partial<FromBackupOptions> = {}): Bootstrap => Bootstrap.fromBackup({ repo: PgBackRestRepo.s3(S3), stanza: 'orders', ...more });
const specOf = (bootstrap?: Bootstrap): { bootstrap?: object } => JSON.parse(render({ bootstrap }).one('ConfigMap', 'orders-spec').data['spec.json']) as { bootstrap?: object };

test('the agents are told which backup to begin with, and up to where', () => {
  expect(specOf(from({ target: RecoveryTarget.time('2026-05-04T14:59:30+02:00') })).bootstrap).toMatchObject({
    repo: { type: 's3', bucket: 'backups', path: '/shop' }, stanza: 'orders', target: { type: 'time', value: '2026-05-04T14:59:30+02:00' },
  });
  expect(specOf(from()).bootstrap).toMatchObject({ target: { type: 'latest' } });
  expect(specOf().bootstrap).toBeUndefined();
});

test('no pod differs for it, so that the line can come and go without a restart', () => {
  expect(render({ bootstrap: from() }).ofKind('StatefulSet')).toEqual(render().ofKind('StatefulSet'));
});

test('the agents may read the Secrets that open the backup, by name, and nothing more', () => {
  const rules = (bootstrap?: Bootstrap): unknown[] => render({ bootstrap }).one('Role', 'orders-agent').rules as unknown[];
  const extra = rules(from()).filter((rule) => !rules().some((known) => JSON.stringify(known) === JSON.stringify(rule)));
  expect(extra).toEqual([{ apiGroups: [''], resources: ['secrets'], resourceNames: ['s3-passphrase', 's3-keys'], verbs: ['get'] }]);
});

test.each<[string, RecoveryTarget, RegExp]>([
  ['a time without a zone', RecoveryTarget.time('2026-05-04T12:59:30'), /"bootstrap\.target" is the time "2026-05-04T12:59:30"; write date, time and time zone/],
  ['a time that never was', RecoveryTarget.time('2026-02-30T12:00:00Z'), /is the time "2026-02-30/],
  ['a date alone', RecoveryTarget.time('2026-05-04'), /is the time "2026-05-04"/],
  ['an LSN that is none', RecoveryTarget.lsn('16-B374D848'), /is the LSN "16-B374D848"; write it as PostgreSQL does/],
  ['a transaction that is none', RecoveryTarget.xid('0x10'), /is the transaction "0x10"/],
  ['a restore point without a name', RecoveryTarget.name(''), /is the restore point ""/],
])('%s is refused as a target', (_, target, message) => {
  expect(() => render({ bootstrap: from({ target }) })).toThrow(message);
});

test.each([
  RecoveryTarget.latest(), RecoveryTarget.immediate(), RecoveryTarget.time('2026-05-04T12:59:30.25Z'), RecoveryTarget.lsn('16/B374D848'), RecoveryTarget.xid('734'),
  RecoveryTarget.name('before the release'),
])('a target that PostgreSQL understands is accepted', (target) => {
  expect(() => render({ bootstrap: from({ target }) })).not.toThrow();
});

test('a backup label, a stanza and a repo that cannot be are refused', () => {
  expect(() => render({ bootstrap: from({ backup: 'latest' }) })).toThrow(/"bootstrap\.backup" is "latest"/);
  expect(() => render({ bootstrap: from({ stanza: '' }) })).toThrow(/"bootstrap\.stanza" is ""/);
  expect(() => render({ bootstrap: from({ repo: PgBackRestRepo.posix({ storage: { size: Size.gibibytes(1) } }) }) })).toThrow(/"bootstrap\.repo" is a volume/);
});

test.each([
  [{ path: '/shop/' }], [{ path: '//shop' }], [{ endpoint: 's3.example.com:443' }], [{ endpoint: 'S3.example.com' }],
])('the directory that a cluster is restored from is recognized also when it is written as %j', (change) => {
  expect(() => render({ bootstrap: from(), backups: { repos: [PgBackRestRepo.s3({ ...S3, ...change })] } })).toThrow(/is the directory that "bootstrap" reads/);
});

test('a Secret of the repo that cannot be is refused', () => {
  expect(() => render({ bootstrap: from({ repo: PgBackRestRepo.s3({ ...S3, credentialsSecret: '' }) }) })).toThrow(/"bootstrap\.repo\.credentialsSecret" is ""/);
});

test('a cluster that would archive into the directory that it is restored from is refused; another path, or another name, is accepted', () => {
  const backups = (path: string) => ({ repos: [PgBackRestRepo.s3({ ...S3, path })] });
  expect(() => render({ bootstrap: from(), backups: backups('/shop') })).toThrow(/"backups\.repos\[0\]" is the directory that "bootstrap" reads "orders" from.*another "path"/);
  expect(() => render({ bootstrap: from(), backups: backups('/shop-2') })).not.toThrow();
  expect(() => render({ bootstrap: from({ stanza: 'old-orders' }), backups: backups('/shop') })).not.toThrow();
});

import { Size } from 'cdk8s';
import { BackupSchedule, PgBackRestRepo, RetentionType, S3Identity, S3UriStyle } from '../src/index';
import type { BackupOptions, S3RepoOptions } from '../src/index';
import { Manifest, program, render } from './synth/render';

const posix = PgBackRestRepo.posix({ storage: { size: Size.gibibytes(200) } });
const S3: S3RepoOptions = { endpoint: 's3.example.com:9000', bucket: 'backups', region: 'eu', credentialsSecret: 's3-keys' };
const s3 = PgBackRestRepo.s3(S3);
const withBackups = (backups: BackupOptions) => render({ backups });
const claimsOf = (pod: Manifest): string[] => pod.spec.volumes.flatMap((volume: Manifest) => volume.persistentVolumeClaim?.claimName ?? []);

test('without backups nothing of pgBackRest is there', () => {
  expect(JSON.stringify(render().all)).not.toContain('pgbackrest');
});

test('a repo on a volume brings a repo host, which alone mounts it', () => {
  const manifests = withBackups({ repos: [posix] });
  expect(manifests.ids()).toEqual(expect.arrayContaining([
    'PersistentVolumeClaim/orders-1-repo', 'StatefulSet/orders-repo', 'Service/orders-repo', 'ServiceAccount/orders-repo', 'Role/orders-repo',
    'RoleBinding/orders-repo', 'Secret/orders-pgbackrest', 'Secret/orders-backup',
  ]));
  const mounting = manifests.ofKind('StatefulSet').filter(({ spec }) => claimsOf(spec.template).includes('orders-1-repo'));
  expect(mounting.map(({ metadata }) => metadata.name)).toEqual(['orders-repo']);
  expect(manifests.one('StatefulSet', 'orders-repo').spec.template.spec.containers.map(({ name }: Manifest) => name)).toEqual(['repo', 'pgbackrest']);
});

test('neither Argo CD nor Flux deletes the repo\'s volume with the line that made it', () => {
  expect(withBackups({ repos: [posix] }).one('PersistentVolumeClaim', 'orders-1-repo').metadata.annotations).toEqual({
    'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false',
    'kustomize.toolkit.fluxcd.io/prune': 'disabled',
  });
});

test('each instance has a pgBackRest server that sees the same files as PostgreSQL', () => {
  const manifests = withBackups({ repos: [s3] });
  for (const instance of ['1', '2', '3']) {
    const { volumeMounts } = manifests.container('pgbackrest', instance);
    expect(volumeMounts).toEqual(manifests.container('postgres', instance).volumeMounts.filter((mount: Manifest) => mount.name !== 'token'));
    expect(volumeMounts).toContainEqual({ name: 'data', mountPath: '/pgdata' });
  }
});

test('with repos in S3 alone there is no repo host, and the schedules ask the instances, of which the leader answers', () => {
  const manifests = withBackups({ repos: [s3], schedules: [BackupSchedule.full('0 1 * * 0')] });
  expect(manifests.ids().filter((id) => id.endsWith('-repo'))).toEqual([]);
  const { command } = manifests.one('CronJob', 'orders-repo1-full-backup').spec.jobTemplate.spec.template.spec.containers[0];
  expect(command.slice(command.indexOf('request-backup'))).toEqual([
    'request-backup', '--type', 'full', '--repo', '1',
    '--host', 'orders-1-0.orders-instances', '--host', 'orders-2-0.orders-instances', '--host', 'orders-3-0.orders-instances',
  ]);
});

test('a schedule is a CronJob in its time zone, one run at a time, that asks the repo host and has no account of Kubernetes', () => {
  const schedules = [
    BackupSchedule.full('0 1 * * 0'), BackupSchedule.incremental('30 * * * *', { repo: 2, timeZone: 'Europe/Vienna' }), BackupSchedule.differential('0 2 * * *'),
    BackupSchedule.full('0 3 1 * *', { repo: 2 }),
  ];
  const manifests = withBackups({ repos: [posix, s3], schedules });
  expect(manifests.ofKind('CronJob').map(({ metadata, spec }) => [metadata.name, spec.schedule, spec.timeZone, spec.concurrencyPolicy])).toEqual([
    ['orders-repo1-full-backup', '0 1 * * 0', 'Etc/UTC', 'Forbid'],
    ['orders-repo2-incremental-backup', '30 * * * *', 'Europe/Vienna', 'Forbid'],
    ['orders-repo1-differential-backup', '0 2 * * *', 'Etc/UTC', 'Forbid'],
    ['orders-repo2-full-backup', '0 3 1 * *', 'Etc/UTC', 'Forbid'],
  ]);
  const pod = manifests.one('CronJob', 'orders-repo2-incremental-backup').spec.jobTemplate.spec.template.spec;
  expect(pod.containers[0].command.slice(-7)).toEqual(['request-backup', '--type', 'incr', '--repo', '2', '--host', 'orders-repo']);
  expect(pod).toMatchObject({ automountServiceAccountToken: false, volumes: [{ secret: { secretName: 'orders-backup' } }] });
});

test('a schedule\'s Jobs have the resources of the backups where given, for namespaces with quotas, and else say nothing of any', () => {
  const container = (resources?: BackupOptions['resources']): Manifest => withBackups({ repos: [s3], schedules: [BackupSchedule.full('0 1 * * 0')], resources })
    .one('CronJob', 'orders-repo1-full-backup').spec.jobTemplate.spec.template.spec.containers[0];
  expect(container({ memory: { limit: Size.mebibytes(64) } }).resources).toEqual({ limits: { memory: '64Mi' } });
  expect(container()).not.toHaveProperty('resources');
});

test('the accounts of instances and repo host can be given what a cloud goes by', () => {
  const { chart, cluster } = program({ backups: { repos: [posix, PgBackRestRepo.s3({ ...S3, credentialsSecret: undefined, identity: S3Identity.POD })] } });
  for (const { serviceAccount } of [cluster.identity, cluster.backups!.repoHost!]) serviceAccount.metadata.addAnnotation('eks.amazonaws.com/role-arn', 'backups');
  const annotated = chart.toJson().filter(({ metadata }) => metadata.annotations?.['eks.amazonaws.com/role-arn'] === 'backups');
  expect(annotated.map(({ kind, metadata }) => `${kind}/${metadata.name}`).sort()).toEqual(['ServiceAccount/orders-agent', 'ServiceAccount/orders-repo']);
});

test.each(['*/5 * * * *', '0 1 * * mon-FRI', '30 2,14 1-15/2 jan,7 ?', '5/10 0 * * 6', '0 0 29 2 *', '@monthly'])('"%s" is taken as a CronJob takes it', (cron) => {
  expect(() => program({ backups: { repos: [s3], schedules: [BackupSchedule.full(cron)] } })).not.toThrow();
});

test.each(['foo 99 99 99 99', '60 * * * *', '0 24 * * *', '0 0 0 * *', '0 0 * 13 *', '0 0 * * 7', '0 0 5-1 * *', '0 0 */0 * *', '0 0 1- * *', '0 0 * * mon-', '0 0 , * *', '0 mon * * *', '*-5 0 * * *', '@never', '* * * *'])(
  '"%s", which no CronJob takes, is refused', (cron) => {
    expect(() => program({ backups: { repos: [s3], schedules: [BackupSchedule.full(cron)] } })).toThrow(`"schedules[0].cron" is "${cron}"; give five fields`);
  });

test('the agents read the Secrets of the repos and write none of them; the repo host writes no Secret at all', () => {
  const manifests = withBackups({
    repos: [posix, PgBackRestRepo.s3({ ...S3, passphrase: { secretName: 'passphrase', key: 'repo2' }, certificateAuthority: { secretName: 's3-ca', key: 'ca.crt' } })],
  });
  const secrets = (role: string) => manifests.one('Role', role).rules
    .filter(({ resources }: Manifest) => resources.includes('secrets'))
    .map(({ verbs, resourceNames }: Manifest) => [verbs, resourceNames]);
  expect(secrets('orders-agent')).toEqual([
    [['get', 'update'], expect.arrayContaining(['orders-pgbackrest', 'orders-backup'])],
    [['get'], ['passphrase', 's3-keys', 's3-ca']],
  ]);
  expect(secrets('orders-repo')).toEqual([[['get'], ['orders-pgbackrest', 'passphrase', 's3-keys', 's3-ca']]]);
  expect(manifests.one('Role', 'orders-repo').rules.flatMap(({ resources, verbs }: Manifest) => verbs.map((verb: string) => `${resources[0]} ${verb}`)))
    .toEqual(['configmaps get', 'configmaps list', 'configmaps watch', 'secrets get', 'events create', 'events patch', 'events create', 'events patch']);
});

test('the spec tells the agents of each repo in pgBackRest\'s words', () => {
  const { backups } = withBackups({
    repos: [
      PgBackRestRepo.posix({ storage: { size: Size.gibibytes(1) }, retention: { full: 14, fullType: RetentionType.TIME, differential: 3 }, passphrase: { secretName: 'p', key: 'k' } }),
      PgBackRestRepo.s3({ endpoint: 's3.amazonaws.com', bucket: 'b', region: 'r', identity: S3Identity.POD, uriStyle: S3UriStyle.PATH, path: '/orders', verifyTls: false }),
    ],
  }).spec();
  expect(backups).toEqual({
    stanza: 'orders',
    repos: [
      { type: 'posix', retention: { fullType: 'time', full: 14, differential: 3 }, cipher: { secret: 'p', key: 'k' } },
      {
        type: 's3', retention: { fullType: 'count', full: 2 },
        endpoint: 's3.amazonaws.com', bucket: 'b', region: 'r', uriStyle: 'path', path: '/orders', verifyTls: false, keyType: 'web-id',
      },
    ],
    host: 'orders-repo', certificateSecret: 'orders-pgbackrest', requestSecret: 'orders-backup',
  });
});

const s3With = (change: Partial<S3RepoOptions>): BackupOptions => ({ repos: [PgBackRestRepo.s3({ ...S3, ...change })] });
test.each<[string, BackupOptions, string]>([
  ['no repo', { repos: [] }, '"repos" has 0 entries'],
  ['five repos', { repos: [s3, s3, s3, s3, s3] }, '"repos" has 5 entries'],
  ['a volume of no size', { repos: [PgBackRestRepo.posix({ storage: { size: Size.gibibytes(0) } })] }, '"repos[0].storage.size" must be more than zero'],
  ['no full backup kept', { repos: [PgBackRestRepo.posix({ storage: { size: Size.gibibytes(1) }, retention: { full: 0 } })] }, '"repos[0].retention.full" is 0'],
  ['an endpoint with a scheme', s3With({ endpoint: 'https://s3' }), '"repos[0].endpoint" is "https://s3"'],
  ['an empty bucket', s3With({ bucket: '' }), '"repos[0].bucket" is ""'],
  ['a path without a slash', s3With({ path: 'orders' }), '"repos[0].path" is "orders"'],
  ['nobody to be to S3', s3With({ credentialsSecret: undefined }), '"repos[0].credentialsSecret" is missing'],
  ['two to be to S3', s3With({ identity: S3Identity.NODE }), '"repos[0].credentialsSecret" is given together with "identity"'],
  ['a schedule of a repo that is not there', { repos: [s3], schedules: [BackupSchedule.full('0 1 * * *', { repo: 2 })] }, '"schedules[0].repo" is 2, and there is 1 repo'],
  ['four fields of cron', { repos: [s3], schedules: [BackupSchedule.full('0 1 * *')] }, '"schedules[0].cron" is "0 1 * *"'],
  ['a time zone in cron', { repos: [s3], schedules: [BackupSchedule.full('TZ=UTC 0 1 * * *')] }, '"schedules[0].cron" is "TZ=UTC 0 1 * * *"'],
  ['a time zone with a space', { repos: [s3], schedules: [BackupSchedule.full('0 1 * * *', { timeZone: 'Europe/New Vienna' })] }, '"schedules[0].timeZone"'],
  ['a day that never comes', { repos: [s3], schedules: [BackupSchedule.full('0 0 31 4,6 *')] }, '"schedules[0].cron" is "0 0 31 4,6 *", a day that never comes'],
  ['a repo whose log would never expire', { repos: [s3, s3], schedules: [BackupSchedule.full('0 1 * * *'), BackupSchedule.incremental('0 2 * * *', { repo: 2 })] },
    '"schedules" has no full backup for repo 2'],
  ['a Secret without a name', s3With({ credentialsSecret: '' }), '"repos[0].credentialsSecret" is ""'],
  ['a Secret that cannot be', s3With({ credentialsSecret: 'S3_keys' }), '"repos[0].credentialsSecret" is "S3_keys"'],
  ['a passphrase of a Secret without a name', s3With({ passphrase: { secretName: '', key: 'k' } }), '"repos[0].passphrase.secretName" is ""'],
  ['a passphrase without a key', { repos: [PgBackRestRepo.posix({ storage: { size: Size.gibibytes(1) }, passphrase: { secretName: 'p', key: '' } })] }, '"repos[0].passphrase.key" is ""'],
  ['an authority of a key that cannot be', s3With({ certificateAuthority: { secretName: 'ca', key: 'ca/crt' } }), '"repos[0].certificateAuthority.key" is "ca/crt"'],
  ['two schedules of one name', { repos: [s3], schedules: [BackupSchedule.full('0 1 * * *'), BackupSchedule.full('0 2 * * *')] }, '"schedules" names "full of repo 1" more than once'],
])('%s is refused', (_, backups, message) => {
  expect(() => program({ backups })).toThrow(`[demo/orders/backups] ${message}`);
});

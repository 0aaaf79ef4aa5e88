import { Size } from 'cdk8s';
import { BackupSchedule, PgBackRestRepo } from '../src/index';
import { Manifest, program, render } from './synth/render';

const own = ({ metadata }: Manifest) => ({ ...metadata.labels, ...metadata.annotations });

test('what is said for one component is on its objects and pods only, over what is said for all', () => {
  const manifests = render({
    labels: { team: 'shop', tier: 'plain' },
    annotations: { 'example.com/owner': 'dba' },
    metadata: {
      instances: { labels: { tier: 'gold' }, annotations: { 'example.com/scrape': 'yes' } },
      repo: { labels: { tier: 'archive' } },
    },
    pooler: { labels: { tier: 'pool' } },
    instanceList: [{ name: '1' }, { name: '2', labels: { tier: 'silver' } }],
    backups: { repos: [PgBackRestRepo.posix({ storage: { size: Size.gibibytes(1) } })], schedules: [BackupSchedule.full('0 1 * * 0')] },
  });
  for (const object of manifests.all) expect(own(object)).toMatchObject({ 'team': 'shop', 'example.com/owner': 'dba' });
  expect(own(manifests.one('Service', 'orders-rw'))).toMatchObject({ tier: 'plain' });
  expect(own(manifests.one('Service', 'orders-rw'))).not.toHaveProperty('example.com/scrape');
  for (const object of [manifests.one('StatefulSet', 'orders-1'), manifests.pod(), manifests.one('PersistentVolumeClaim', 'orders-1-data')]) {
    expect(own(object)).toMatchObject({ 'tier': 'gold', 'example.com/scrape': 'yes' });
  }
  expect(own(manifests.pod('2'))).toMatchObject({ 'tier': 'silver', 'example.com/scrape': 'yes' });
  const pooler = manifests.one('Deployment', 'orders-pooler');
  for (const object of [pooler, pooler.spec.template, manifests.one('Service', 'orders-pooler'), manifests.one('Secret', 'orders-pooler')]) {
    expect(own(object)).toMatchObject({ tier: 'pool' });
    expect(own(object)).not.toHaveProperty('example.com/scrape');
  }
  const repo = manifests.one('StatefulSet', 'orders-repo');
  for (const object of [repo, repo.spec.template]) {
    expect(own(object)).toMatchObject({ tier: 'archive' });
    expect(own(object)).not.toHaveProperty('example.com/scrape');
  }
});

test('the library\'s own keys belong to the library, whatever they are given for', () => {
  expect(() => program({ metadata: { instances: { labels: { 'cdk8s-postgres/role': 'primary' } } } }))
    .toThrow('[demo/orders] "metadata.instances.labels" sets "cdk8s-postgres/role"');
  expect(() => program({ pooler: { annotations: { 'cdk8s-postgres/x': '1' } } })).toThrow('[demo/orders/pooler] "annotations" sets');
});

import { Size } from 'cdk8s';
import { PgBackRestRepo, StorageOptions, VolumeSource } from '../src/index';
import { Manifests, Manifest, program, render } from './synth/render';

const from = (source: VolumeSource, more: Partial<StorageOptions> = {}): StorageOptions => ({ size: Size.gibibytes(10), source, ...more });
const claims = (manifests: Manifests) => manifests.ofKind('PersistentVolumeClaim').map(({ metadata }) => metadata.name);
const volume = (manifests: Manifests, name: string, instance = '1') => manifests.pod(instance).spec.volumes.find((found: Manifest) => found.name === name);
const markable = (manifests: Manifests) => manifests.one('Role', 'orders-agent').rules
  .filter(({ resources, verbs }: Manifest) => resources.includes('persistentvolumeclaims') && verbs.includes('patch'))
  .map(({ resourceNames }: Manifest) => resourceNames);

test('a claim of the cluster\'s own is what one gets without saying so', () => {
  expect(JSON.stringify(render({ storage: from(VolumeSource.newClaim()) }).all)).toBe(JSON.stringify(render({ storage: { size: Size.gibibytes(10) } }).all));
});

test('a claim that is there already is mounted and not made, and the agents may mark it', () => {
  const manifests = render({ instanceList: [{ name: '1', storage: from(VolumeSource.existingClaim('old.data')), dataPath: 'pgsql/17' }, { name: '2' }] });
  expect(claims(manifests)).toEqual(['orders-2-data']);
  expect(volume(manifests, 'data')).toEqual({ name: 'data', persistentVolumeClaim: { claimName: 'old.data' } });
  expect(markable(manifests)).toEqual([['old.data', 'orders-2-data']]);
  expect(manifests.spec().instances).toMatchObject([{ dataClaim: 'old.data', dataPath: 'pgsql/17' }, { dataClaim: 'orders-2-data' }]);
  expect(manifests.spec().instances[1]).not.toHaveProperty('dataPath');
  expect(manifests.spec().instances.map(({ givenVolume }) => givenVolume)).toEqual([true, undefined]);
});

test('an ephemeral volume goes with the pod and no further than its size, and there is no claim to mark', () => {
  const manifests = render({ storage: from(VolumeSource.ephemeral()), walStorage: from(VolumeSource.ephemeral()) });
  expect(claims(manifests)).toEqual([]);
  expect(volume(manifests, 'data')).toEqual({ name: 'data', emptyDir: { sizeLimit: '10Gi' } });
  expect(volume(manifests, 'wal')).toEqual({ name: 'wal', emptyDir: { sizeLimit: '10Gi' } });
  expect(markable(manifests)).toEqual([]);
  expect(manifests.spec().instances[0]).not.toHaveProperty('dataClaim');
  expect(manifests.spec().instances[0].walVolume).toBe(true);
});

test('a ready-made volume is taken by its labels, by no class, and its server knows the pod by its groups', () => {
  const manifests = render({
    storage: from(VolumeSource.persistentVolume({ matchLabels: { disk: 'nvme' }, supplementalGroups: [5001, 100] })),
    tablespaces: [{ name: 'archive', storage: from(VolumeSource.persistentVolume({ matchLabels: { disk: 'nfs' }, supplementalGroups: [100, 7] }), { storageClass: 'nfs' }) }],
  });
  expect(manifests.one('PersistentVolumeClaim', 'orders-1-data').spec).toMatchObject({ storageClassName: '', selector: { matchLabels: { disk: 'nvme' } } });
  expect(manifests.one('PersistentVolumeClaim', 'orders-1-archive-tablespace').spec).toMatchObject({ storageClassName: 'nfs', selector: { matchLabels: { disk: 'nfs' } } });
  expect(manifests.pod().spec.securityContext.supplementalGroups).toEqual([7, 100, 5001]);
  expect(manifests.spec().instances.map(({ givenVolume }) => givenVolume)).toEqual([true, true, true]);
  expect(render().pod().spec.securityContext).not.toHaveProperty('supplementalGroups');
});

test('the data directory\'s place within its volume is the cluster\'s, or the instance\'s own', () => {
  const { instances } = render({ dataPath: 'pg', instanceList: [{ name: '1' }, { name: '2', dataPath: 'other' }] }).spec();
  expect(instances.map(({ dataPath }) => dataPath)).toEqual(['pg', 'other']);
});

test('the default place of the data directory may also be said, with backups too', () => {
  expect(() => program({ dataPath: 'data', backups: { repos: [PgBackRestRepo.posix({ storage: { size: Size.gibibytes(1) } })] } })).not.toThrow();
});

test.each([
  [{ storage: from(VolumeSource.existingClaim('one')) }, '"storage.source" names the existing claim "one" for more than one volume'],
  [{ instances: 1, storage: from(VolumeSource.existingClaim('one')), walStorage: from(VolumeSource.existingClaim('one')) }, 'names the existing claim "one"'],
  [{ instances: 1, storage: from(VolumeSource.existingClaim('One')) }, '"storage.source" names the claim "One"'],
  [{ instances: 1, storage: from(VolumeSource.existingClaim('one'), { storageClass: 'fast' }) }, '"storage.storageClass" is "fast", and this volume is not made by a class'],
  [{ storage: from(VolumeSource.ephemeral(), { storageClass: 'fast' }) }, '"storage.storageClass" is "fast"'],
  [{ storage: from(VolumeSource.persistentVolume({ matchLabels: {} })) }, '"storage.source.matchLabels" is empty'],
  [{ storage: from(VolumeSource.persistentVolume({ matchLabels: { a: 'b' }, supplementalGroups: [0] })) }, '"storage.source.supplementalGroups" has 0'],
  [{ dataPath: '/var/lib/pgsql' }, '"dataPath" is "/var/lib/pgsql"'],
  [{ dataPath: '../data' }, '"dataPath" is "../data"'],
  [{ dataPath: 'pg', backups: { repos: [PgBackRestRepo.posix({ storage: { size: Size.gibibytes(1) } })] } }, '"dataPath" of instance "1" is "pg", and pgBackRest looks'],
  [{ storage: from(VolumeSource.newClaim()), instanceList: [{ name: '1', storage: from(VolumeSource.existingClaim('orders-2-data')) }, { name: '2' }] }, 'claim "orders-2-data" for more than one'],
  [{ instances: 1, walStorage: from(VolumeSource.existingClaim('orders-1-data')) }, 'names the existing claim "orders-1-data"'],
  [{ instances: 1, storage: from(VolumeSource.existingClaim('orders-1-repo')), backups: { repos: [PgBackRestRepo.posix({ storage: { size: Size.gibibytes(1) } })] } }, 'claim "orders-1-repo"'],

  [{ dataPath: '.' }, '"dataPath" is "."'],
  [{ dataPath: 'agent/data' }, '"dataPath" is "agent/data", and the agent keeps its own files in "agent"'],
])('%j is refused', (props, message) => {
  expect(() => program(props)).toThrow(message);
  expect(() => program(props)).toThrow('[demo/orders');
});

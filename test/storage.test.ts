import { Size } from 'cdk8s';
import { VolumeAccessMode } from '../src/index';
import { program, render } from './synth/render';

const gib = (amount: number) => ({ size: Size.gibibytes(amount) });

test('a claim says everything that cannot change later, and nothing that the API server decides', () => {
  expect(render({ storage: { size: Size.gibibytes(10), storageClass: 'fast' } }).one('PersistentVolumeClaim', 'orders-1-data').spec).toEqual({
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: '10Gi' } },
    storageClassName: 'fast',
    volumeMode: 'Filesystem',
  });
});

test('neither Argo CD nor Flux deletes a volume with the line that made it, and a user\'s own options stay', () => {
  const claims = render({ annotations: { 'argocd.argoproj.io/sync-options': 'ServerSideApply=true' } }).ofKind('PersistentVolumeClaim');
  expect(claims).toHaveLength(3);
  for (const { metadata } of claims) {
    expect(metadata.annotations).toEqual({
      'argocd.argoproj.io/sync-options': 'ServerSideApply=true,Prune=false,Delete=false',
      'kustomize.toolkit.fluxcd.io/prune': 'disabled',
    });
  }
});

test('volumes can be held to one pod by the storage itself', () => {
  const claim = render({ accessModes: [VolumeAccessMode.READ_WRITE_ONCE_POD] }).one('PersistentVolumeClaim', 'orders-1-data');
  expect(claim.spec.accessModes).toEqual(['ReadWriteOncePod']);
});

test('every instance has every tablespace, on a volume of its own kind where it says so', () => {
  const manifests = render({
    tablespaces: [{ name: 'archive', storage: gib(5) }, { name: 'index', storage: gib(6) }],
    instanceList: [{ name: 'a' }, { name: 'b', tablespaces: [{ name: 'index', storage: { size: Size.gibibytes(7), storageClass: 'fast' } }] }],
  });
  const size = (name: string) => manifests.one('PersistentVolumeClaim', name).spec.resources.requests.storage;
  expect(['a', 'b'].map((instance) => [size(`orders-${instance}-archive-tablespace`), size(`orders-${instance}-index-tablespace`)]))
    .toEqual([['5Gi', '6Gi'], ['5Gi', '7Gi']]);
  expect(manifests.spec().instances.map(({ tablespaces }) => tablespaces)).toEqual([['archive', 'index'], ['archive', 'index']]);
});

test.each([
  [{ storage: gib(0) }, '"storage.size" must be more than zero, got 0Gi'],
  [{ storage: { size: Size.gibibytes(1), storageClass: '' } }, '"storage.storageClass" is empty'],
  [{ walStorage: gib(0) }, '"walStorage.size" is 0Gi'],
  [{ walStorage: { size: Size.mebibytes(512) } }, '"walStorage.size" is 512Mi, and the parameter max_wal_size lets the log grow to 1GB'],
  [{ walStorage: gib(3), parameters: { MAX_WAL_SIZE: '4GB' } }, '"walStorage.size" is 3Gi, and the parameter max_wal_size lets the log grow to 4GB'],
  [{ walStorage: gib(3), parameters: { max_wal_size: '4096' } }, 'max_wal_size lets the log grow to 4096'],
  [{ walStorage: gib(3), parameters: { max_wal_size: 'much' } }, '"parameters.max_wal_size" is "much", which is no size'],
  [{ walStorage: gib(9), instanceList: [{ name: '1' }, { name: '2', walStorage: { size: Size.mebibytes(1) } }] }, '"instanceList[1].walStorage.size" is 1Mi'],
  [{ accessModes: [] }, '"accessModes" has 0 entries'],
  [{ accessModes: [VolumeAccessMode.READ_WRITE_ONCE, VolumeAccessMode.READ_WRITE_ONCE_POD] }, '"accessModes" has 2 entries'],
  [{ tablespaces: [{ name: 'pg_fast', storage: gib(1) }] }, '"tablespaces[0].name" is "pg_fast", and PostgreSQL reserves names that begin with pg_'],
  [{ tablespaces: [{ name: 'a/b', storage: gib(1) }] }, '"tablespaces[0].name" is "a/b"'],
  [{ tablespaces: [{ name: 'a', storage: gib(0) }] }, '"tablespaces[0].storage.size" must be more than zero'],
  [{ tablespaces: [{ name: 'a', storage: gib(1) }, { name: 'a', storage: gib(1) }] }, '"tablespaces" names "a" more than once'],
  [{ instanceList: [{ name: '1', tablespaces: [{ name: 'a', storage: gib(1) }] }] }, '"instanceList[0].tablespaces" names "a", which the cluster\'s "tablespaces" does not have'],
])('%j is refused', (props, message) => {
  expect(() => program(props)).toThrow(message);
  expect(() => program(props)).toThrow('[demo/orders');
});

test('a WAL volume of exactly max_wal_size is taken', () => {
  expect(() => program({ walStorage: gib(1) })).not.toThrow();
  expect(() => program({ walStorage: gib(2), parameters: { max_wal_size: '2048MB' } })).not.toThrow();
});

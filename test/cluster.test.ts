import { App, Chart, Size, Testing } from 'cdk8s';
import { CLUSTER_LABEL } from '../src/contract';
import { PostgresCluster, PostgresVersion } from '../src/index';
import { MINIMAL, program, render } from './synth/render';

test('a version and a size are enough: three instances, their volumes, Services, Secrets, identity, settings, network policy and budget', () => {
  expect(render().ids()).toEqual([
    'ConfigMap/orders-spec',
    'NetworkPolicy/orders-instances',
    'PersistentVolumeClaim/orders-1-data', 'PersistentVolumeClaim/orders-2-data', 'PersistentVolumeClaim/orders-3-data',
    'PodDisruptionBudget/orders',
    'Role/orders-agent', 'RoleBinding/orders-agent',
    'Secret/orders-admin', 'Secret/orders-agent', 'Secret/orders-app-user', 'Secret/orders-ca', 'Secret/orders-operator', 'Secret/orders-replication', 'Secret/orders-rewind',
    'Secret/orders-server', 'Secret/orders-viewer',
    'Service/orders-instances', 'Service/orders-r', 'Service/orders-ro', 'Service/orders-rw',
    'ServiceAccount/orders-agent',
    'StatefulSet/orders-1', 'StatefulSet/orders-2', 'StatefulSet/orders-3',
  ]);
});

test('the name is the construct\'s id, never its path: moving the construct changes no object', () => {
  const chart = new Chart(new App(), 'demo');
  const nested = new Chart(new App(), 'other');
  new PostgresCluster(chart, 'orders', MINIMAL);
  new PostgresCluster(new Chart(nested, 'deeper'), 'db', { ...MINIMAL, name: 'orders' });
  expect(Testing.synth(nested.node.children[0] as Chart)).toEqual(Testing.synth(chart));
});

test.each([
  ['Orders', 'capitals'], ['my_db', 'an underscore'], ['1db', 'a digit first'], ['-db', 'a dash first'], ['a'.repeat(64), 'length 64'], ['', 'nothing'],
])('the name %j is refused: %s', (name) => {
  expect(() => program({ name })).toThrow(`[demo/orders] "name" is "${name}"`);
});

test('every object carries the cluster\'s label, with the user\'s labels and annotations beside it', () => {
  const manifests = render({ labels: { team: 'shop' }, annotations: { 'example.com/tier': 'gold' } });
  for (const { metadata } of manifests.all) {
    expect(metadata.labels).toMatchObject({ [CLUSTER_LABEL]: 'orders', team: 'shop' });
    expect(metadata.annotations).toMatchObject({ 'example.com/tier': 'gold' });
  }
  expect(manifests.pod().metadata).toMatchObject({ labels: { team: 'shop' }, annotations: { 'example.com/tier': 'gold' } });
});

test('a user\'s label never replaces one that agents and selectors rely on', () => {
  expect(() => program({ labels: { [CLUSTER_LABEL]: 'other' } })).toThrow(/"labels" sets "cdk8s-postgres\/cluster".*leave it out/);
});

test('the chart\'s namespace reaches every object', () => {
  expect(render({}, 'shop').all.map(({ metadata }) => metadata.namespace)).toEqual(render().all.map(() => 'shop'));
});

test('two clusters of one name in one namespace are refused, with both paths', () => {
  const app = new App();
  const [one, two] = ['one', 'two'].map((id) => new Chart(app, id, { namespace: 'shop' }));
  new PostgresCluster(one, 'orders', MINIMAL);
  new PostgresCluster(two, 'orders', MINIMAL);
  expect(() => Testing.synth(one)).toThrow(/\[one\/orders\] "name" is "orders", and so is that of two\/orders in the same namespace/);
});

test('two clusters of one name in different namespaces, or in charts that may go anywhere, are not', () => {
  const app = new App();
  for (const [id, namespace] of [['a', 'shop'], ['b', 'test'], ['c', undefined], ['d', undefined]] as const) {
    new PostgresCluster(new Chart(app, id, { namespace }), 'orders', MINIMAL);
  }
  expect(() => app.synthYaml()).not.toThrow();
});

test('twenty clusters that depend on each other in a chain synthesize at once, in that order', () => {
  const chart = new Chart(new App(), 'demo');
  const clusters = Array.from({ length: 20 }, (_, index) => new PostgresCluster(chart, `db${index}`, MINIMAL));
  clusters.slice(1).forEach((cluster, index) => cluster.node.addDependency(clusters[index]));
  const began = process.hrtime.bigint();
  const services = chart.toJson().filter(({ kind, metadata }) => kind === 'Service' && metadata.name.endsWith('-rw')).map(({ metadata }) => metadata.name);
  expect(Number(process.hrtime.bigint() - began) / 1e9).toBeLessThan(10);
  expect(services).toEqual(clusters.map(({ clusterName }) => `${clusterName}-rw`));
});

test('a version is a major, or a major and minor', () => {
  expect(render({ version: PostgresVersion.of('17.6') }).spec().postgresVersion).toBe('17');
  expect(render({ version: PostgresVersion.of('17.6') }).container().image).toBe('ghcr.io/cdk8s-postgres/postgres:17.6');
  expect(() => PostgresVersion.of('latest')).toThrow('PostgresVersion.of() takes a version like "17" or "17.6", got "latest"');
});

test('images are the user\'s where given, and pulled only where missing', () => {
  const manifests = render({ images: { postgres: 'registry/pg@sha256:1', agent: 'registry/agent:2' } });
  expect(manifests.container()).toMatchObject({ image: 'registry/pg@sha256:1', imagePullPolicy: 'IfNotPresent' });
  expect(manifests.container('agent')).toMatchObject({ image: 'registry/agent:2', imagePullPolicy: 'IfNotPresent' });
});

test('a budget lets one instance go at a time, counts missing pods as gone, and lets broken ones go', () => {
  expect(render({ instances: 3 }).one('PodDisruptionBudget', 'orders').spec).toEqual({
    minAvailable: 2,
    selector: { matchLabels: { 'cdk8s-postgres/cluster': 'orders', 'cdk8s-postgres/component': 'instance' } },
    unhealthyPodEvictionPolicy: 'AlwaysAllow',
  });
  expect(render({ instances: 2 }).one('PodDisruptionBudget', 'orders').spec.minAvailable).toBe(1);
});

test('a single instance has no budget, which could only hold up its node for ever', () => {
  expect(render({ instances: 1 }).ofKind('PodDisruptionBudget')).toEqual([]);
});

test('what stands on the cluster can be read back', () => {
  const { cluster } = program({ instances: 2, storage: { size: Size.gibibytes(1) } });
  expect([cluster.clusterName, cluster.readWriteHost, cluster.readOnlyHost, cluster.readHost, cluster.port])
    .toEqual(['orders', 'orders-rw', 'orders-ro', 'orders-r', 5432]);
  expect(cluster.instances.map(({ podName }) => podName)).toEqual(['orders-1-0', 'orders-2-0']);
  cluster.instances.pop();
  expect(cluster.instances).toHaveLength(2);
});

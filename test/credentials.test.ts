import { App, Chart } from 'cdk8s';
import { Deployment, EnvValue } from 'cdk8s-plus-28';
import { Deployment as NewerDeployment } from 'cdk8s-plus-33';
import { PostgresCluster } from '../src/index';
import { Manifest, program, render } from './synth/render';

test('no Secret has data: nothing secret and nothing random stands in Git', () => {
  const secrets = render({ users: [{ name: 'app' }, { name: 'report' }] }).ofKind('Secret');
  expect(secrets).toHaveLength(10);
  for (const secret of secrets) {
    expect(Object.keys(secret).sort()).toEqual(['apiVersion', 'kind', 'metadata', 'type']);
    expect(secret.type).toBe('Opaque');
  }
});

test('GitOps tools make the Secrets once, never delete them, and leave alone what the agents write', () => {
  for (const { metadata } of render().ofKind('Secret')) {
    expect(metadata.annotations).toEqual({
      'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false',
      'kustomize.toolkit.fluxcd.io/prune': 'disabled',
      'kustomize.toolkit.fluxcd.io/ssa': 'IfNotPresent',
    });
  }
});

test('a client\'s variables each require one key of its connection Secret', () => {
  const environment = program().cluster.envFor('app');
  expect(Object.fromEntries(Object.entries(environment).map(([variable, { valueFrom }]) => [variable, valueFrom]))).toEqual({
    PGHOST: { secretKeyRef: { name: 'orders-app-user', key: 'host' } },
    PGPORT: { secretKeyRef: { name: 'orders-app-user', key: 'port' } },
    PGDATABASE: { secretKeyRef: { name: 'orders-app-user', key: 'dbname' } },
    PGUSER: { secretKeyRef: { name: 'orders-app-user', key: 'user' } },
    PGPASSWORD: { secretKeyRef: { name: 'orders-app-user', key: 'password' } },
    DATABASE_URL: { secretKeyRef: { name: 'orders-app-user', key: 'uri' } },
    DATABASE_MULTI_HOST_URL: { secretKeyRef: { name: 'orders-app-user', key: 'multi-host-uri' } },
    JDBC_DATABASE_URL: { secretKeyRef: { name: 'orders-app-user', key: 'jdbc-uri' } },
  });
});

test.each([
  ['this version', (chart: Chart, cluster: PostgresCluster) => new Deployment(chart, 'api', {
    containers: [{ image: 'shop', envVariables: { ...cluster.envFor('app'), MODE: EnvValue.fromValue('fast') } }],
  })],
  ['a newer version', (chart: Chart, cluster: PostgresCluster) => new NewerDeployment(chart, 'api', {
    containers: [{ image: 'shop', envVariables: cluster.envFor('app') }],
  })],
])('containers of %s of cdk8s-plus take them', (_, deploy) => {
  const { chart, cluster } = program();
  deploy(chart, cluster);
  const deployment = chart.toJson().find(({ kind }) => kind === 'Deployment') as Manifest;
  expect(deployment.spec.template.spec.containers[0].env)
    .toContainEqual({ name: 'PGPASSWORD', valueFrom: { secretKeyRef: { name: 'orders-app-user', key: 'password' } } });
});

test('the connection Secret can be asked for as often as one likes, and only for a user that exists', () => {
  const { cluster } = program({ users: [{ name: 'app' }, { name: 'report' }] });
  expect(cluster.connectionSecret('report').name).toBe('orders-report-user');
  expect(cluster.connectionSecret('report')).toBe(cluster.connectionSecret('report'));
  expect(() => cluster.envFor('reprot')).toThrow('[demo/orders] "users" does not have "reprot"; add that user, or use one of "app", "report"');
});

test('an application in another repository finds a cluster by its name alone, and adds no object', () => {
  const chart = new Chart(new App(), 'shop');
  const imported = PostgresCluster.fromClusterName(chart, 'db', 'orders');
  const { cluster } = program();
  expect(imported.envFor('app')).toEqual(cluster.envFor('app'));
  expect([imported.clusterName, imported.readWriteHost, imported.readOnlyHost, imported.readHost, imported.port])
    .toEqual([cluster.clusterName, cluster.readWriteHost, cluster.readOnlyHost, cluster.readHost, cluster.port]);
  expect(chart.toJson()).toEqual([]);
});

import { App, Chart } from 'cdk8s';
import { ClientTls, PgBouncer, PodAntiAffinity, PoolMode, PostgresCluster } from '../src/index';
import type { PoolerOptions } from '../src/index';
import { Manifest, Manifests, MINIMAL, program, render } from './synth/render';

const pooled = (pooler: PoolerOptions = {}, more = {}) => render({ pooler, ...more });
const pod = (manifests: Manifests) => manifests.one('Deployment', 'orders-pooler').spec.template;

test('without a pooler a cluster has none of its objects, names or rights', () => {
  expect(JSON.stringify(render().all)).not.toContain('orders-pooler');
});

test('a pooler is a Deployment behind a Service, with a certificate, an account, a policy and a budget of its own', () => {
  const without = render().ids();
  expect(pooled().ids().filter((id) => !without.includes(id))).toEqual([
    'Deployment/orders-pooler', 'NetworkPolicy/orders-pooler', 'PodDisruptionBudget/orders-pooler-feec7c8a', 'Role/orders-pooler', 'RoleBinding/orders-pooler',
    'Secret/orders-pooler', 'Service/orders-pooler', 'ServiceAccount/orders-pooler',
  ]);
});

test('the same comes of the prop and of the construct, wherever that stands', () => {
  const chart = new Chart(new App(), 'demo');
  const cluster = new PostgresCluster(chart, 'orders', MINIMAL);
  new PgBouncer(chart, 'elsewhere', { cluster, mode: PoolMode.TRANSACTION });
  const byName = (all: Manifest[]) => [...all].sort((a, b) => `${a.kind}/${a.metadata.name}`.localeCompare(`${b.kind}/${b.metadata.name}`));
  expect(byName(chart.toJson())).toEqual(byName(pooled({ mode: PoolMode.TRANSACTION }).all));
});

test('the pod meets Pod Security level "restricted", mounts no Secret, and keeps keys in memory', () => {
  const { spec } = pod(pooled());
  expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 26, seccompProfile: { type: 'RuntimeDefault' } });
  for (const container of [...spec.initContainers, ...spec.containers]) {
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, readOnlyRootFilesystem: true, runAsNonRoot: true,
    });
  }
  expect(spec.volumes.filter((volume: Manifest) => volume.secret || volume.projected)).toEqual([]);
  const { name } = spec.containers[0].volumeMounts.find(({ mountPath }: Manifest) => mountPath === '/run/pgbouncer');
  expect(spec.volumes.find((volume: Manifest) => volume.name === name).emptyDir).toEqual({ medium: 'Memory' });
  expect(spec.containers[0].env).toContainEqual({ name: 'CDK8S_POSTGRES_ROLE', value: 'pooler' });
});

test('it may read its certificate, its settings and who leads, all by name, and write Events only', () => {
  const { rules } = pooled().one('Role', 'orders-pooler');
  const reads = ['get', 'list', 'watch'];
  expect(rules.filter(({ resourceNames }: Manifest) => resourceNames)).toEqual([
    { apiGroups: [''], resources: ['secrets'], resourceNames: ['orders-pooler'], verbs: reads },
    { apiGroups: [''], resources: ['configmaps'], resourceNames: ['orders-spec'], verbs: reads },
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], resourceNames: ['orders-leader'], verbs: reads },
  ]);
  expect(rules.filter(({ resourceNames }: Manifest) => !resourceNames).map(({ resources, verbs }: Manifest) => [resources, verbs]))
    .toEqual([[['events'], ['create', 'patch']], [['events'], ['create', 'patch']]]);
});

test('the cluster\'s agents may fill the pooler\'s Secret, and only where there is one', () => {
  const named = (manifests: Manifests) => manifests.one('Role', 'orders-agent').rules.find(({ resources }: Manifest) => resources.includes('secrets')).resourceNames;
  expect(named(pooled())).toEqual([...named(render()), 'orders-pooler']);
  expect(pooled().one('Secret', 'orders-pooler')).not.toHaveProperty('data');
});

test('mode, sizes and settings reach the agents by the spec, so that no change of them touches a pod', () => {
  const changed = pooled({ mode: PoolMode.TRANSACTION, poolSize: 30, reservePoolSize: 5, maxClientConnections: 500, parameters: { query_wait_timeout: '30' } });
  expect(changed.spec().pooler).toEqual({
    service: 'orders-pooler',
    secret: 'orders-pooler',
    settings: {
      default_pool_size: '30', max_client_conn: '500', max_db_connections: '0', min_pool_size: '0', pool_mode: 'transaction',
      query_wait_timeout: '30', reserve_pool_size: '5',
    },
  });
  expect(pod(changed)).toEqual(pod(pooled()));
});

test('what pgBouncer reads only when it starts replaces the pods', () => {
  const { metadata } = pod(pooled({ parameters: { track_extra_parameters: 'search_path', log_stats: '1' } }));
  expect(metadata.annotations).toEqual({ 'cdk8s-postgres/start-settings': '{"track_extra_parameters":"search_path"}' });
});

test('image, user id, labels and annotations are the cluster\'s, and the pooler\'s own come on top', () => {
  const shared = { images: { postgres: 'registry.example.com/pg:1', agent: 'registry.example.com/agent:1' }, uid: 999, labels: { team: 'shop', tier: 'db' } };
  const { metadata, spec } = pod(pooled({ labels: { tier: 'pool' }, annotations: { note: 'x' } }, shared));
  expect(metadata).toMatchObject({ labels: { 'team': 'shop', 'tier': 'pool', 'cdk8s-postgres/component': 'pooler' }, annotations: { note: 'x' } });
  expect([spec.containers[0].image, spec.initContainers[0].image, spec.securityContext.runAsUser]).toEqual(['registry.example.com/pg:1', 'registry.example.com/agent:1', 999]);
  expect(pod(pooled({ image: 'registry.example.com/pgbouncer:1' }, shared)).spec.containers[0].image).toBe('registry.example.com/pgbouncer:1');
});

test('pods keep away from each other, and a rollout never waits for a node that is not there', () => {
  const deployment = (podAntiAffinity?: PodAntiAffinity) => pooled({ podAntiAffinity }).one('Deployment', 'orders-pooler').spec;
  expect(deployment().template.spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].podAffinityTerm.labelSelector.matchLabels)
    .toEqual({ 'cdk8s-postgres/cluster': 'orders', 'cdk8s-postgres/component': 'pooler' });
  expect(deployment().strategy.rollingUpdate).toEqual({ maxUnavailable: 0, maxSurge: 1 });
  expect(deployment(PodAntiAffinity.REQUIRED).strategy.rollingUpdate).toEqual({ maxUnavailable: 1, maxSurge: 0 });
  expect(deployment(PodAntiAffinity.DISABLED).template.spec.affinity).toBeUndefined();
});

test('a single pod has no budget, which could only block its node\'s maintenance for ever', () => {
  expect(pooled({ instances: 1 }).ofKind('PodDisruptionBudget').map(({ metadata }) => metadata.name)).toEqual(['orders']);
});

test('an application is led to the pooler by the connection Secret, each key required', () => {
  const { cluster } = program({ pooler: {} });
  const variables = cluster.pooler!.envFor('app');
  expect(Object.fromEntries(Object.entries(variables).map(([name, { valueFrom }]) => [name, valueFrom.secretKeyRef.key]))).toEqual({
    PGHOST: 'pooler-host', PGPORT: 'pooler-port', PGDATABASE: 'dbname', PGUSER: 'user', PGPASSWORD: 'password',
    DATABASE_URL: 'pooler-uri', JDBC_DATABASE_URL: 'pooler-jdbc-uri',
  });
});

test.each([
  [{ instances: 0 }, '"instances" is 0'],
  [{ poolSize: 0 }, '"poolSize" is 0; give a whole number from 1 to 100000'],
  [{ minPoolSize: 21 }, '"minPoolSize" is 21, and "poolSize" 20; give no more than that'],
  [{ image: '' }, '"image" is ""'],
  [{ parameters: { pool_mode: 'session' } }, '"parameters.pool_mode" has a prop of its own, "mode"'],
  [{ parameters: { default_pool_size: '5' } }, '"parameters.default_pool_size" has a prop of its own, "poolSize"'],
  [{ parameters: { auth_query: 'SELECT 1' } }, '"parameters.auth_query" is not yours to set: users are looked up in PostgreSQL'],
  [{ parameters: { server_tls_sslmode: 'disable' } }, '"parameters.server_tls_sslmode" is not yours to set'],
  [{ parameters: { admin_users: 'app' } }, '"parameters.admin_users" is not yours to set: the console is the agent\'s'],
  [{ parameters: { dns_max_ttl: '60' } }, '"parameters.dns_max_ttl" is not yours to set'],
  [{ parameters: { query_wait_timout: '5' } }, '"parameters.query_wait_timout" is no setting of pgBouncer 1.24'],
  [{ parameters: { query_wait_timeout: '10s' } }, '"parameters.query_wait_timeout" is "10s"; write a number, without a unit'],
  [{ parameters: { server_round_robin: 'yes' } }, '"parameters.server_round_robin" is "yes"; write 0 or 1'],
  [{ parameters: { server_check_query: 'select 1\nadmin_users = app' } }, 'write one line'],
])('%j is refused', (pooler, message) => {
  expect(() => program({ pooler: pooler as PoolerOptions })).toThrow(message);
});

test('a second pooler, and one for a cluster that another program makes, are refused with the way out', () => {
  const { chart, cluster } = program({ pooler: {} });
  expect(() => new PgBouncer(chart, 'second', { cluster })).toThrow('"orders" has a pooler already');
  const elsewhere = PostgresCluster.fromClusterName(chart, 'elsewhere', 'stock');
  expect(() => new PgBouncer(chart, 'third', { cluster: elsewhere })).toThrow('give the program that makes it the prop "pooler"');
});

describe('a certificate for its clients', () => {
  const GIVEN: PoolerOptions = { serverTlsSecret: 'orders-pooler-tls' };

  test('is read by the agents of pooler and instances, by the Secret\'s name, and neither written nor synthesized', () => {
    const manifests = pooled(GIVEN);
    for (const role of ['orders-pooler', 'orders-agent']) {
      const rules = manifests.one('Role', role).rules.filter(({ resourceNames = [] }: Manifest) => resourceNames.includes('orders-pooler-tls'));
      expect(rules).toEqual([{ apiGroups: [''], resources: ['secrets'], resourceNames: ['orders-pooler-tls'], verbs: ['get'] }]);
    }
    expect(manifests.ofKind('Secret').map(({ metadata }) => metadata.name)).not.toContain('orders-pooler-tls');
    expect(manifests.spec().pooler.certificate).toEqual({ secret: 'orders-pooler-tls' });
    expect(pooled().spec().pooler).not.toHaveProperty('certificate');
  });

  test('changes nothing else, and no pod is made anew for it', () => {
    const others = (manifests: Manifests) => manifests.all.filter(({ kind }: Manifest) => kind !== 'Role' && kind !== 'ConfigMap');
    expect(others(pooled({ ...GIVEN, serverName: 'db.example.com' }))).toEqual(others(pooled()));
  });

  test('may come from PostgreSQL\'s Secret, which is then named once', () => {
    const manifests = pooled({ serverTlsSecret: 'orders-tls', serverName: 'db.example.com' }, { certificates: { serverTlsSecret: 'orders-tls' } });
    expect(manifests.one('Role', 'orders-agent').rules.flatMap(({ resourceNames = [] }: Manifest) => resourceNames).filter((name: string) => name === 'orders-tls')).toHaveLength(1);
    expect(manifests.spec()).toMatchObject({ pooler: { certificate: { secret: 'orders-tls', name: 'db.example.com' } }, certificates: { server: { secret: 'orders-tls' } } });
  });

  test.each<[string, PoolerOptions, object, string]>([
    ['no name of a Secret', { serverTlsSecret: 'Orders_TLS' }, {}, '"serverTlsSecret" is "Orders_TLS"; give the name of a Secret'],
    ['a Secret that the agents fill', { serverTlsSecret: 'orders-pooler' }, {}, 'which the agents fill themselves'],
    ['a user\'s Secret', { serverTlsSecret: 'orders-app-user' }, {}, 'which the agents fill themselves'],
    ['a wildcard for a name', { ...GIVEN, serverName: '*.example.com' }, {}, '"serverName" is "*.example.com"'],
    ['a name without a certificate', { serverName: 'db.example.com' }, {}, '"serverName" is given without "serverTlsSecret"'],
    ['a certificate that nobody sees', GIVEN, { tls: ClientTls.DISABLE }, '"tls" is "disable": no client would see the certificate'],
  ])('%s is refused', (_, pooler, more, message) => {
    expect(() => pooled(pooler, more)).toThrow(message);
  });
});

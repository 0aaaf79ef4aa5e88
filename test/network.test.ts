import { App, Chart, Size } from 'cdk8s';
import { buildEvaluator, passing, type Pod, type Traffic } from './policy-evaluator';
import type { ClusterServicesOptions, NetworkOptions } from '../src/index';
import { NetworkPeer, PgBackRestRepo, PostgresCluster, PostgresVersion, ServiceType } from '../src/index';

const BUILD_TIME = 10 * 60_000;

beforeAll(buildEvaluator, BUILD_TIME);

const ours = (component: string, cluster = 'orders'): Pod => ({ namespace: 'shop', labels: { 'cdk8s-postgres/cluster': cluster, 'cdk8s-postgres/component': component } });
const app = (namespace = 'shop'): Pod => ({ namespace, labels: { app: 'till' } });
const [instance, repo, pooler, backup] = ['instance', 'repo', 'pooler', 'backup'].map((component) => ours(component));

function program(network?: NetworkOptions, more?: (cluster: PostgresCluster) => void, services?: ClusterServicesOptions): string {
  const chart = new Chart(new App(), 'chart', { namespace: 'shop' });
  const cluster = new PostgresCluster(chart, 'orders', {
    version: PostgresVersion.V17,
    storage: { size: Size.gibibytes(1) },
    backups: { repos: [PgBackRestRepo.posix({ storage: { size: Size.gibibytes(1) } })] },
    metrics: {},
    pooler: {},
    network,
    services,
  });
  more?.(cluster);
  return App.of(chart).synthYaml();
}

const NEEDED: Record<string, Traffic> = {
  'an application of the namespace to PostgreSQL': { from: app(), to: instance, port: 5432 },
  'an application of the namespace to the pooler': { from: app(), to: pooler, port: 5432 },
  'replication': { from: instance, to: instance, port: 5432 },
  'agents to each other': { from: instance, to: instance, port: 8009 },
  'the pooler to PostgreSQL': { from: pooler, to: instance, port: 5432 },
  'the repo host to pgBackRest of an instance': { from: repo, to: instance, port: 8432 },
  'the repo host to the agent of an instance': { from: repo, to: instance, port: 8009 },
  'an instance to the repo host': { from: instance, to: repo, port: 8432 },
  'a request for a backup to the repo host': { from: backup, to: repo, port: 8009 },
  'Prometheus to the agent of an instance': { from: app('monitoring'), to: instance, port: 8008 },
  'Prometheus to the exporter': { from: app('monitoring'), to: instance, port: 9187 },
  'Prometheus to the agent of the pooler': { from: app('monitoring'), to: pooler, port: 8008 },
  'Prometheus to the agent of the repo host': { from: app('monitoring'), to: repo, port: 8008 },
  // The command line's way, pods/proxy: the API server asks from its own host, which is no pod. What it reads is no secret.
  'the API server to the status of an instance': { from: '192.0.2.7', to: instance, port: 8008 },
  'the API server to the status of the repo host': { from: '192.0.2.7', to: repo, port: 8008 },
  'the API server to the status of the pooler': { from: '192.0.2.7', to: pooler, port: 8008 },
};

const FORBIDDEN: Record<string, Traffic> = {
  'another namespace to PostgreSQL': { from: app('elsewhere'), to: instance, port: 5432 },
  'another namespace to the pooler': { from: app('elsewhere'), to: pooler, port: 5432 },
  'the world to PostgreSQL': { from: '192.0.2.7', to: instance, port: 5432 },
  'an application to the agents': { from: app(), to: instance, port: 8009 },
  'an application to the backups': { from: app(), to: repo, port: 8432 },
  'an application to pgBackRest of an instance': { from: app(), to: instance, port: 8432 },
  'an application that asks for a backup': { from: app(), to: repo, port: 8009 },
  'the world to the exporter': { from: '192.0.2.7', to: instance, port: 9187 },
  'another cluster to the agents': { from: ours('instance', 'stock'), to: instance, port: 8009 },
  'another cluster to the backups': { from: ours('instance', 'stock'), to: repo, port: 8432 },
  'a look-alike in another namespace to the agents': { from: { ...instance, namespace: 'elsewhere' }, to: instance, port: 8009 },
  'a request for a backup to an instance, where there is a repo host': { from: backup, to: instance, port: 8009 },
  'the pooler to the agents': { from: pooler, to: instance, port: 8009 },
  'a port that nobody knows': { from: instance, to: instance, port: 22 },
};

test('what the parts of a cluster need passes, and nothing else', async () => {
  expect(await passing(program(), { ...NEEDED, ...FORBIDDEN })).toEqual(Object.keys(NEEDED));
}, 60_000);

test('clients can be narrowed to some pods, and added one by one', async () => {
  const yaml = program({ clients: [NetworkPeer.pods({ labels: { app: 'till' } })] }, ({ connections }) => connections.allowFrom(NetworkPeer.namespace('reports'), NetworkPeer.cidr('192.0.2.0/24')));
  expect(await passing(yaml, {
    'named pods': { from: app(), to: instance, port: 5432 },
    'other pods of the namespace': { from: { namespace: 'shop', labels: { app: 'mail' } }, to: instance, port: 5432 },
    'named pods elsewhere': { from: app('elsewhere'), to: instance, port: 5432 },
    'an added namespace': { from: app('reports'), to: instance, port: 5432 },
    'added addresses': { from: '192.0.2.7', to: instance, port: 5432 },
  })).toEqual(['named pods', 'an added namespace', 'added addresses']);
}, 60_000);

test('without clients only the cluster itself connects', async () => {
  expect(await passing(program({ clients: [] }), { ...NEEDED, ...FORBIDDEN })).toEqual(Object.keys(NEEDED).slice(2));
}, 60_000);

test.each<[string, ClusterServicesOptions]>([
  ['a load balancer', { rw: { type: ServiceType.LOAD_BALANCER } }],
  // Its networks are the load balancer's to keep; a policy may see a node's address in place of the client's.
  ['a load balancer for some networks', { ro: { type: ServiceType.LOAD_BALANCER, loadBalancerSourceRanges: ['198.51.100.0/24'] } }],
  ['a port of every node', { r: { type: ServiceType.NODE_PORT } }],
])('who comes by %s reaches PostgreSQL and nothing else, unless the program says who the clients are', async (_, services) => {
  const outside: Record<string, Traffic> = {
    'the world to PostgreSQL': { from: '192.0.2.7', to: instance, port: 5432 },
    'the world, by IPv6': { from: '2001:db8::7', to: instance, port: 5432 },
    'an application of the namespace': { from: app(), to: instance, port: 5432 },
    'the world to the pooler, whose Service is another': { from: '192.0.2.7', to: pooler, port: 5432 },
    'the world to the agents': { from: '192.0.2.7', to: instance, port: 8009 },
  };
  expect(await passing(program({}, undefined, services), outside)).toEqual(Object.keys(outside).slice(0, 3));
  expect(await passing(program({ clients: [NetworkPeer.cidr('2001:db8::/32')] }, undefined, services), outside)).toEqual(['the world, by IPv6']);
}, 60_000);

test('scrapers that are named are the only ones', async () => {
  const flows: Record<string, Traffic> = {
    'Prometheus to the agent': { from: app('monitoring'), to: instance, port: 8008 },
    'Prometheus to the exporter': { from: app('monitoring'), to: instance, port: 9187 },
    'another namespace to the agent': { from: app('elsewhere'), to: instance, port: 8008 },
    'the world to the agent': { from: '192.0.2.7', to: instance, port: 8008 },
    'another namespace to the exporter': { from: app('elsewhere'), to: instance, port: 9187 },
  };
  expect(await passing(program({ scrapers: [NetworkPeer.namespace('monitoring')] }), flows)).toEqual(Object.keys(flows).slice(0, 2));
}, 60_000);

test('egress is left alone unless it is asked for', async () => {
  const out: Record<string, Traffic> = {
    'the API server': { from: instance, to: { namespace: 'kube-system', labels: { component: 'apiserver' } }, port: 6443 },
    'an API server on a port of its own': { from: instance, to: { namespace: 'kube-system', labels: { component: 'apiserver' } }, port: 16443 },
    'anything else': { from: instance, to: { namespace: 'web', labels: {} }, port: 80 },
  };
  expect(await passing(program(), out)).toEqual(Object.keys(out));
  expect(await passing(program({ egress: { apiServer: [NetworkPeer.namespace('kube-system')] } }), { ...out, ...NEEDED })).toEqual([
    'the API server', 'an API server on a port of its own', ...Object.keys(NEEDED),
  ]);
}, 60_000);

test('policies can be switched off', () => {
  expect(program({ policies: false })).not.toContain('NetworkPolicy');
});

test.each(['10.0.0.0/8', '0.0.0.0/0', '192.0.2.7/32', '::/0', '2001:db8::/32', '2001:DB8:1:2:3:4:5:6/128', '::ffff:192.0.2.0/120', '64:ff9b::192.0.2.33/128'])('"%s" is a range of addresses', (cidr) => {
  expect(() => NetworkPeer.cidr(cidr)).not.toThrow();
});

test.each(['10.0.0.999/99', '10.0.0.0/33', '10.0.0/8', '010.0.0.0/8', '10.0.0.0/08', '10.0.0.0', '10.0.0.0/8/8', '2001:db8::/129', '2001:db8::1::/64', '1:2:3:4:5:6:7/64', '1:2:3:4:5:6:7:8:9/64', '12345::/16', '::999.1.2.3/96', '1.2.3.4::/96', ':::/0', '/0', ''])(
  '"%s" is none, and refused', (cidr) => {
    expect(() => NetworkPeer.cidr(cidr)).toThrow(`"${cidr}" is no range of addresses`);
  });

test('addresses that are none are refused', () => {
  expect(() => NetworkPeer.cidr('10.0.0.1')).toThrow('"10.0.0.1" is no range of addresses; give one like "10.0.0.0/8"');
});

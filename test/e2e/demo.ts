/**
 * `npm run demo`: from this clone to a running cluster of three, its primary killed, and back at three. Each step with its time.
 * The Kubernetes and the cluster are kept, so that a second run is quick and one can look around.
 */
import { Cluster, NAMES } from './harness/cluster';
import { Kubectl } from './harness/kubectl';
import type { Pod } from './harness/pods';
import { CLUSTER, USER } from './harness/program';
import { output } from './harness/run';
import { say } from './harness/say';
import { eventually, now } from './harness/wait';
import { chooseTarget, THREE_WAYS } from './target/choose';
import { IMAGES, type Target } from './target/target';

const NAMESPACE = 'demo';
const MANIFESTS = 'dist/manifests';

async function main(): Promise<number> {
  const target = await chooseTarget();
  await synthesize();
  if (target === null) {
    say(`synthesized ${MANIFESTS}; it was not applied`);
    console.log(THREE_WAYS);
    return 0;
  }
  const cluster = await deploy(target);
  try {
    await writeAndRead(cluster);
    await killPrimary(cluster);
    await explain(cluster);
  } finally {
    cluster.close();
  }
  return 0;
}

async function synthesize(): Promise<void> {
  await output(['node_modules/.bin/jsii', '--silence-warnings=reserved-word'], { env: { JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION: '20' } });
  await output(['node_modules/.bin/cdk8s', 'synth', '--check-upgrade=false', '--app', 'node dist/lib/examples/demo.js', '--output', MANIFESTS], {
    env: { POSTGRES_IMAGE: IMAGES.postgres, AGENT_IMAGE: IMAGES.agent, CDK8S_OUTDIR: MANIFESTS },
  });
  say(`examples/demo.ts is synthesized into ${MANIFESTS}`);
}

async function deploy(target: Target): Promise<Cluster> {
  const cluster = await Cluster.create(target, NAMESPACE, 'dist/e2e/demo');
  say(`kubectl apply --server-side -n ${NAMESPACE} -f ${MANIFESTS}   (${target.description})`);
  await new Kubectl(NAMESPACE).run(['apply', '--server-side', '-f', MANIFESTS]);
  await cluster.healthy(300_000);
  const primary = await cluster.primary();
  const where = cluster.pods.all.map(({ name, node }) => `${name} on ${node}`).sort();
  say(`three instances in three zones: ${where.join(', ')}; ${primary.name} is primary, the others stream from it`);
  return cluster;
}

async function writeAndRead(cluster: Cluster): Promise<void> {
  const from = await cluster.primary();
  await asApp(cluster, from, NAMES.readWriteService, 'CREATE TABLE IF NOT EXISTS visits (at timestamptz DEFAULT now()); INSERT INTO visits DEFAULT VALUES');
  const written = await asApp(cluster, from, NAMES.readWriteService, 'SELECT count(*) FROM visits');
  say(`a row is written through ${NAMES.readWriteService}: ${written} there now`);
  await eventually('the row on a replica', { withinMs: 10_000 }, async () =>
    await asApp(cluster, from, NAMES.readOnlyService, 'SELECT count(*) FROM visits') === written ? true : null);
  say(`and read through ${NAMES.readOnlyService}, which leads to the replicas`);
}

async function killPrimary(cluster: Cluster): Promise<void> {
  const old = await cluster.primary();
  const [replica] = await cluster.replicas();
  say(`killing the primary: kubectl delete pod ${old.name} --force --grace-period=0`);
  const began = now();
  await cluster.kubectl.run(['delete', 'pod', old.name, '--force', '--grace-period=0', '--wait=false']);
  await eventually('a row written through a new primary', { withinMs: 60_000, everyMs: 50 }, async () => {
    const primary = await cluster.findPrimary();
    if (primary === null || primary.uid === old.uid) return null;
    await asApp(cluster, replica, NAMES.readWriteService, 'INSERT INTO visits DEFAULT VALUES');
    return true;
  });
  say(`a row is written again ${((now() - began) / 1000).toFixed(1)} s later; ${(await cluster.primary()).name} is primary`);
  await cluster.healthy(180_000);
  say('three instances again');
}

async function explain(cluster: Cluster): Promise<void> {
  const local = cluster.target.kind === 'local';
  const kubectl = local ? 'test/cluster/cluster kubectl' : 'kubectl';
  const primary = await cluster.primary();
  console.log(`
The cluster is kept. To look at it:
  ${kubectl} get pods -n ${NAMESPACE} -L cdk8s-postgres/role
  ${kubectl} get --raw /api/v1/namespaces/${NAMESPACE}/pods/${primary.name}:8008/proxy/status
  ${kubectl} logs -n ${NAMESPACE} ${primary.name} -c postgres
To connect, as an application would:
  ${kubectl} get secret -n ${NAMESPACE} ${NAMES.userSecret(USER)} -o jsonpath='{.data.uri}' | base64 -d
  ${kubectl} exec -n ${NAMESPACE} -it ${primary.name} -c postgres -- psql "$(that uri)"
To end it:
  ${kubectl} delete namespace ${NAMESPACE}${local ? '\n  test/cluster/cluster down' : ''}
`);
}

/** psql inside a pod of the cluster, but as the application's user and through a Service. */
async function asApp(cluster: Cluster, from: Pod, service: string, sql: string): Promise<string> {
  const { user, password, database } = await cluster.access();
  const out = await cluster.kubectl.run([
    'exec', from.name, '--container=postgres', '--', 'env', `PGPASSWORD=${password}`, 'PGCONNECT_TIMEOUT=2',
    'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-h', service, '-U', user, '-d', database, '-c', sql,
  ]);
  return out.trim();
}

say(`cdk8s-postgres demo: cluster "${CLUSTER}"`);
void main().then((code) => process.exit(code), (error: unknown) => {
  console.error(error);
  process.exit(1);
});

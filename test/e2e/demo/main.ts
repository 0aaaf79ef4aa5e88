/**
 * `npm run demo`: from this clone to the production example at work on a Kubernetes: written to through its pooler, backed up to both of its
 * repos, a dropped table brought back in a second cluster while the primary of the first is killed, its metrics read. Each step with its time. The Kubernetes and
 * the clusters are kept, so that a second run is quick and one can look around.
 */
import { Application } from './application';
import { Deployment } from './deployment';
import { killPrimary } from './failover';
import { readMetrics } from './metrics';
import { Restoration } from './restoration';
import { MANIFESTS, synthesize } from './synthesis';
import { Cli } from '../harness/cli';
import { Cluster, NAMES } from '../harness/cluster';
import { CLUSTER, USER } from '../harness/program';
import { archived } from '../harness/repo';
import { say } from '../harness/say';
import { now } from '../harness/wait';
import { chooseTarget, THREE_WAYS } from '../target/choose';

const NAMESPACE = 'demo';
/** Its repos, by number. */
const VOLUME = 1;
const S3 = 2;

async function main(): Promise<number> {
  const target = await chooseTarget(() => synthesize(NAMESPACE));
  if (target === null) {
    say(`synthesized ${MANIFESTS}; it was not applied`);
    console.log(THREE_WAYS);
    return 0;
  }
  const restoration = await Restoration.prepare(target, `${NAMESPACE}-restored`);
  const { cluster, s3 } = await Deployment.of(target, NAMESPACE);
  try {
    const application = new Application(cluster);
    await Promise.all([writeAndRead(application), backUp(S3), restoration.makeRoom(s3)]);
    const moment = await loseTheTable(cluster, application);
    await Promise.all([restoration.restore(s3, moment), backUp(VOLUME).then(() => killPrimary(cluster, application))]);
    await readMetrics(cluster);
    await explain(cluster, restoration);
  } finally {
    restoration.close();
    cluster.close();
  }
  return 0;
}

async function writeAndRead(application: Application): Promise<void> {
  await application.reaches(NAMES.poolerService);
  await application.sql(NAMES.poolerService, 'CREATE TABLE IF NOT EXISTS visits (at timestamptz DEFAULT now())');
  await application.sql(NAMES.poolerService, 'INSERT INTO visits DEFAULT VALUES');
  const written = await application.visits(NAMES.poolerService);
  say(`a row is written through ${NAMES.poolerService}, where pgBouncer listens: ${written} there now`);
  await application.sees(NAMES.readOnlyService, written);
  say(`and read through ${NAMES.readOnlyService}, which leads to the replicas`);
}

async function backUp(repo: number): Promise<void> {
  const began = now();
  say(`cdk8s-postgres backup ${CLUSTER} --type full --repo ${repo}`);
  const { code, stdout, stderr } = await new Cli(NAMESPACE).run(['backup', CLUSTER, '--type', 'full', '--repo', String(repo)]);
  if (code !== 0) throw new Error(`the backup failed: ${stdout}${stderr}`);
  say(`backed up to ${repo === VOLUME ? 'the volume of the repo host' : 'the S3 server, encrypted'} in ${((now() - began) / 1000).toFixed(1)} s`);
}

/** Somebody drops it. Resolves to a moment before that. */
async function loseTheTable(cluster: Cluster, application: Application): Promise<string> {
  const moment = await application.moment();
  await application.sql(NAMES.poolerService, 'DROP TABLE visits');
  say(`DROP TABLE visits: somebody's mistake, right after ${moment}`);
  await archived(cluster, await cluster.primary());
  return moment;
}

async function explain(cluster: Cluster, restoration: Restoration): Promise<void> {
  const local = cluster.target.kind === 'local';
  const kubectl = local ? 'test/cluster/cluster kubectl' : 'kubectl';
  const primary = await cluster.primary();
  const { stdout } = await new Cli(NAMESPACE).run(['status', CLUSTER]);
  console.log(`
${stdout}
Both clusters are kept. To look at them${local ? ', first: eval "$(test/cluster/cluster env)"' : ''}:
  ${kubectl} get pods -n ${NAMESPACE} -L cdk8s-postgres/role
  ${local ? 'test/cluster/cluster exec-cp ' : ''}node dist/cli/cdk8s-postgres.cjs status ${CLUSTER} -n ${NAMESPACE}
  ${kubectl} get --raw /api/v1/namespaces/${NAMESPACE}/pods/${primary.name}:8008/proxy/metrics
To connect, as an application would:
  ${kubectl} get secret -n ${NAMESPACE} ${NAMES.userSecret(USER)} -o jsonpath='{.data.uri}' | base64 -d
  ${kubectl} exec -n ${NAMESPACE} -it ${primary.name} -c postgres -- psql "$(that uri)"
To end it:
  ${kubectl} delete namespace ${NAMESPACE} ${restoration.namespace}${local ? '\n  test/cluster/cluster down' : ''}
`);
}

say(`cdk8s-postgres demo: examples/production.ts, cluster "${CLUSTER}"`);
void main().then((code) => process.exit(code), (error: unknown) => {
  console.error(error);
  process.exit(1);
});


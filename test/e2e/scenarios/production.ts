import assert from 'node:assert/strict';
import { anotherLeads } from './service';
import { buildEvaluator } from '../../policy-evaluator';
import { NAMES, type Cluster } from '../harness/cluster';
import { Connections } from '../harness/connections';
import { synthesizeExample } from '../harness/example';
import { buildGitOpsTools, driftOf, GitOpsTools } from '../harness/gitops';
import { installPrometheusKinds } from '../harness/prometheus';
import { backUp, Repo } from '../harness/repo';
import { S3Server } from '../harness/s3';
import type { Scenario } from '../harness/scenario';
import { eventually, yes } from '../harness/wait';

const SCHEDULES = [['full', 1], ['full', 2], ['incremental', 1], ['differential', 2]] as const;

/** Without these, nothing was judged. */
const NEEDED = [
  'instance to instance:5432', 'instance to instance:8009', 'instance to repo:8432', 'repo to instance:8432', 'backup to repo:8009', 'pooler to instance:5432',
  'instance to s3:7070', 'repo to s3:7070',
];

export const production: Scenario = {
  name: 'production',
  promise: 'examples/production.ts deploys as it is where pods must be restricted: all parts at work, backups of each kind in both repos, a switchover behind the pooler, no connection that its policies forbid, no drift',
  begins: 'nothing',
  async buildTools() {
    await buildEvaluator();
    await buildGitOpsTools();
  },
  async run(trial) {
    const { cluster, startClients, step } = trial;
    await installPrometheusKinds(cluster);
    // The nodes' books lie open in the test cluster of this repository only.
    const connections = cluster.target.machine === null ? null : await Connections.of(cluster);
    const s3 = await S3Server.start(cluster);
    await s3.giveAccess(cluster);
    const yaml = await synthesizeExample('production', cluster.target, { S3_ENDPOINT: s3.endpoint });
    const platform = await synthesizeExample('platform', cluster.target);
    step('the API server checks every field of both examples');
    await checkStrictly(cluster, yaml);
    await checkStrictly(cluster, platform.replaceAll('namespace: shop', `namespace: ${cluster.namespace}`));

    step('applying the production example as Flux does');
    const gitOps = new GitOpsTools(cluster);
    await gitOps.reconcileYaml(yaml);
    await cluster.healthy(240_000);
    await gitOps.wait();
    await cluster.kubectl.run(['rollout', 'status', `deployment/${NAMES.pooler}`, '--timeout=120s'], { timeoutMs: 130_000 });
    await startClients(NAMES.poolerService);
    const { ledger } = trial;
    const primary = await cluster.primary();
    await eventually('the tablespace', { withinMs: 60_000 }, async () => yes(await cluster.psql(primary, "SELECT count(*) FROM pg_tablespace WHERE spcname = 'history'") === '1'));

    step('a backup by each of its schedules');
    const repo = await Repo.of(cluster);
    for (const [kind, number] of SCHEDULES) {
      const backup = backUp(cluster, kind, number);
      await (connections?.during(backup) ?? backup);
    }
    const made = (await repo.backups()).map(({ type, database }) => `${type} in repo ${database['repo-key']}`).sort();
    assert.deepEqual(made, ['diff in repo 2', 'full in repo 1', 'full in repo 2', 'incr in repo 1']);

    step(`a switchover away from instance ${primary.instance}, behind the pooler`);
    await ledger.mark();
    await cluster.kubectl.run(['delete', 'pod', primary.name, '--wait=false']);
    await anotherLeads(cluster, primary);
    await cluster.healthy(120_000);
    const { longestMs } = await ledger.report();
    assert.equal(await cluster.diffOf(yaml), '', 'kubectl diff shows nothing');
    assert.deepEqual(driftOf(await gitOps.reconcileYaml(yaml)), [], 'Flux has nothing to do');

    if (connections === null) step('which connections there were cannot be seen here');
    else await judge(connections, yaml);
    return { switchoverMs: longestMs };
  },
};

/** Nothing enforces the policies; on a network that does, each of these connections would have to pass. */
async function judge(connections: Connections, yaml: string): Promise<void> {
  await connections.look();
  const { seen, forbidden } = await connections.judge(yaml);
  assert.deepEqual(forbidden, [], 'connections that the policies forbid');
  assert.deepEqual(NEEDED.filter((flow) => !seen.includes(flow)), [], `these were not seen; there were ${seen.join(', ')}`);
}

/** Refuses unknown and repeated fields, and warns of pods that the namespace would not admit. */
async function checkStrictly(cluster: Cluster, yaml: string): Promise<void> {
  const { code, stderr } = await cluster.kubectl.outcome(['apply', '--server-side', '--dry-run=server', '--validate=strict', '-f', '-'], { input: yaml });
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
}

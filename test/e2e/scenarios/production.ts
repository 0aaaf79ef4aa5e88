import assert from 'node:assert/strict';
import { anotherLeads } from './service';
import { NAMES, type Cluster } from '../harness/cluster';
import { synthesizeExample } from '../harness/example';
import { installPrometheusKinds } from '../harness/prometheus';
import { backUp, Repo } from '../harness/repo';
import { S3Server } from '../harness/s3';
import type { Scenario } from '../harness/scenario';
import { eventually, yes } from '../harness/wait';

export const production: Scenario = {
  name: 'production',
  promise: 'examples/production.ts deploys as it is where pods must be restricted: all parts at work, backups in both repos, a switchover behind the pooler, no drift',
  begins: 'nothing',
  async run(trial) {
    const { cluster, startClients, step } = trial;
    await installPrometheusKinds(cluster);
    const s3 = await S3Server.start(cluster);
    await s3.giveAccess(cluster);
    const yaml = await synthesizeExample('production', cluster.target, { S3_ENDPOINT: s3.endpoint });
    const platform = await synthesizeExample('platform', cluster.target);
    step('the API server checks every field of both examples');
    await checkStrictly(cluster, yaml);
    await checkStrictly(cluster, platform.replaceAll('namespace: shop', `namespace: ${cluster.namespace}`));

    step('applying the production example');
    await cluster.kubectl.apply(yaml);
    await cluster.healthy(240_000);
    await cluster.kubectl.run(['rollout', 'status', `deployment/${NAMES.pooler}`, '--timeout=120s'], { timeoutMs: 130_000 });
    await startClients(NAMES.poolerService);
    const { ledger } = trial;
    const primary = await cluster.primary();
    await eventually('the tablespace', { withinMs: 60_000 }, async () => yes(await cluster.psql(primary, "SELECT count(*) FROM pg_tablespace WHERE spcname = 'history'") === '1'));

    step('a full backup to each repo');
    const repo = await Repo.of(cluster);
    for (const number of [1, 2]) await backUp(cluster, 'full', number);
    assert.deepEqual((await repo.backups()).map(({ type, database }) => [type, database['repo-key']]), [['full', 1], ['full', 2]]);

    step(`a switchover away from instance ${primary.instance}, behind the pooler`);
    await ledger.mark();
    await cluster.kubectl.run(['delete', 'pod', primary.name, '--wait=false']);
    await anotherLeads(cluster, primary);
    await cluster.healthy(120_000);
    const { longestMs } = await ledger.report();
    assert.equal(await cluster.diffOf(yaml), '', 'kubectl diff shows nothing');
    return { switchoverMs: longestMs };
  },
};

/** Refuses unknown and repeated fields, and warns of pods that the namespace would not admit. */
async function checkStrictly(cluster: Cluster, yaml: string): Promise<void> {
  const { code, stderr } = await cluster.kubectl.outcome(['apply', '--server-side', '--dry-run=server', '--validate=strict', '-f', '-'], { input: yaml });
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
}

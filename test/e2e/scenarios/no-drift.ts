import assert from 'node:assert/strict';
import { anotherLeads, writesResume } from './service';
import type { Program } from '../harness/program';
import { BACKUPS, Repo } from '../harness/repo';
import type { Scenario } from '../harness/scenario';

const PROGRAM: Program = { props: { backups: BACKUPS, pooler: { instances: 1 }, metrics: {} } };

export const noDrift: Scenario = {
  name: 'no-drift',
  promise: 'of a cluster with backups, a pooler and metrics, after a failover, kubectl diff of the synthesized YAML shows no difference',
  begins: PROGRAM,
  async run({ cluster, ledger, step }) {
    const primary = await cluster.primary();
    await ledger.mark();
    step(`a switchover, away from instance ${primary.instance}`);
    await cluster.kubectl.run(['delete', 'pod', primary.name, '--wait=false']);
    await anotherLeads(cluster, primary);
    await writesResume(ledger, 60_000);
    await cluster.healthy(120_000);
    await Repo.of(cluster);
    assert.equal(await cluster.diff(PROGRAM), '', 'kubectl diff shows nothing');
  },
};

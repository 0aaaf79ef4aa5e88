import assert from 'node:assert/strict';
import { anotherLeads, writesResume } from './service';
import type { Scenario } from '../harness/scenario';

export const noDrift: Scenario = {
  name: 'no-drift',
  promise: 'after failovers and rollouts, kubectl diff of the synthesized YAML shows no difference',
  async run({ cluster, ledger, step }) {
    const primary = await cluster.primary();
    await ledger.mark();
    step(`one more switchover, away from instance ${primary.instance}`);
    await cluster.kubectl.run(['delete', 'pod', primary.name, '--wait=false']);
    await anotherLeads(cluster, primary);
    await writesResume(ledger, 60_000);
    await cluster.healthy(60_000);
    assert.equal(await cluster.diff(), '', 'kubectl diff shows nothing');
  },
};

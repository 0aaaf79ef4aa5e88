import assert from 'node:assert/strict';
import { showsProblem } from './problems';
import { writesResume } from './service';
import { REPLACING } from '../harness/logs';
import type { Scenario } from '../harness/scenario';
import { eventually, yes } from '../harness/wait';

export const rightsMissing: Scenario = {
  name: 'rights-missing',
  promise: 'agents without their rights say which one they lack, the primary fences itself, and with the rights everything goes on as it was',
  fences: true,
  async run({ cluster, ledger, step }) {
    const before = await cluster.primary();
    const startedAt = new Date();
    await ledger.mark();
    step('deleting the RoleBinding');
    await cluster.delete(({ kind }) => kind === 'RoleBinding');
    await showsProblem(cluster, before.instance, /^LeaseProblem: .*(leases.*(forbidden|403)|403.*leases)/);
    await eventually('the primary to be fenced', { withinMs: 60_000 }, async () => yes((await cluster.status(before)).postgres !== 'primary'));
    step('applying it again');
    await cluster.apply();
    await writesResume(ledger, 60_000);
    await cluster.healthy(120_000);
    assert.deepEqual(cluster.logs.decided(startedAt, REPLACING), [], 'nobody was cloned or rewound');
  },
};

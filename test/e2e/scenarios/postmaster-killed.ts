import assert from 'node:assert/strict';
import { killProcess, postmasterOf } from './faults';
import { writesResume } from './service';
import type { Scenario } from '../harness/scenario';

export const postmasterKilled: Scenario = {
  name: 'postmaster-killed',
  promise: 'when the postmaster of the primary is killed, writes resume within seconds and no acknowledged row is lost',
  alone: true,
  needsMachine: true,
  async run({ cluster, ledger, machine, step }) {
    const primary = await cluster.primary();
    const postmaster = postmasterOf(machine, primary);
    step(`SIGKILL to the postmaster of instance ${primary.instance}`);
    await ledger.mark();
    killProcess(postmaster);
    const outage = await writesResume(ledger, 30_000);
    assert.ok(outage < 5_000, `writes stopped for ${outage} ms`);
  },
};

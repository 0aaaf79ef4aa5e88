import assert from 'node:assert/strict';
import { agentOf, killProcess } from './faults';
import { writesResume } from './service';
import type { Scenario } from '../harness/scenario';

export const agentKilled: Scenario = {
  name: 'agent-killed',
  promise: 'when the agent of the primary is killed, its PostgreSQL ends with it, writes resume within seconds and no acknowledged row is lost',
  alone: true,
  needsMachine: true,
  async run({ cluster, ledger, machine, step }) {
    const primary = await cluster.primary();
    const agent = agentOf(machine, primary);
    step(`SIGKILL to the agent of instance ${primary.instance}`);
    await ledger.mark();
    killProcess(agent);
    const outage = await writesResume(ledger, 30_000);
    assert.ok(outage < 10_000, `writes stopped for ${outage} ms`);
  },
};

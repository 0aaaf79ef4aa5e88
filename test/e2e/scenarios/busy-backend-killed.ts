import assert from 'node:assert/strict';
import { isStored, startBusy } from './busy-backend';
import { agentOf, killProcess, postmasterOf } from './faults';
import { writesResume } from './service';
import type { Scenario } from '../harness/scenario';
import { now, sleep } from '../harness/wait';

export const busyBackendKilled: Scenario = {
  name: 'busy-backend-killed',
  promise: 'a backend that computes on while its postmaster or its agent is killed gets nothing acknowledged',
  needsMachine: true,
  async run({ cluster, ledger, machine, step }) {
    const victims = [['postmaster', postmasterOf], ['agent', agentOf]] as const;
    for (const [id, [name, find]] of victims.entries()) {
      const primary = await cluster.primary();
      const victim = find(machine, primary);
      const busy = await startBusy(cluster, primary, id, 8);
      await sleep(1_000);
      step(`SIGKILL to the ${name} of instance ${primary.instance} beside a busy backend`);
      await ledger.mark();
      killProcess(victim);
      const killedAt = now();
      await writesResume(ledger, 60_000);
      const acknowledgedAt = await busy.acknowledgedAt;
      assert.equal(acknowledgedAt, null, `its commit was acknowledged ${Math.round((acknowledgedAt ?? 0) - killedAt)} ms after the kill`);
      assert.equal(await isStored(cluster, id), false, 'and is not there');
      await cluster.healthy(120_000);
    }
  },
};

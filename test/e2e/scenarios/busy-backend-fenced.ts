import assert from 'node:assert/strict';
import { isStored, startBusy } from './busy-backend';
import { guardOf } from './faults';
import { anotherLeads, writesResume } from './service';
import { output } from '../harness/run';
import type { Scenario } from '../harness/scenario';
import { now } from '../harness/wait';

/** The API server as pods of the test cluster reach it, and nothing else: clients must see what the fenced primary does. */
const API_SERVER = ['-d', '10.96.0.1', '-p', 'tcp', '--dport', '443'];

export const busyBackendFenced: Scenario = {
  name: 'busy-backend-fenced',
  promise: 'a primary that loses the API server, and only that, is fenced before another one leads, even with a backend that computes on',
  needsMachine: true,
  mayLose: true,
  fences: true,
  async run({ cluster, ledger, machine, step }) {
    const primary = await cluster.primary();
    const inPod = machine.inNetworkOf(guardOf(machine, primary).pid);
    const rule = (action: '-I' | '-D') => output([...inPod, 'iptables', '-w', action, 'OUTPUT', ...API_SERVER, '-j', 'DROP']);
    const busy = await startBusy(cluster, primary, 100, 30);
    step(`cutting instance ${primary.instance} off from the API server`);
    await ledger.mark();
    await rule('-I');
    const cutAt = now();
    try {
      await anotherLeads(cluster, primary);
      await writesResume(ledger, 60_000);
      const acknowledgedAt = await busy.acknowledgedAt;
      assert.equal(acknowledgedAt, null, `its commit was acknowledged ${Math.round((acknowledgedAt ?? 0) - cutAt)} ms after the cut`);
    } finally {
      await rule('-D');
    }
    step('the API server can be reached again');
    await cluster.healthy(120_000);
    assert.equal(await isStored(cluster, 100), false, 'its row is not there');
  },
};

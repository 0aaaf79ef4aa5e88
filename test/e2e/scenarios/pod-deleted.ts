import assert from 'node:assert/strict';
import { anotherLeads, stoppedFor, writesResume } from './service';
import type { Scenario } from '../harness/scenario';

export const podDeleted: Scenario = {
  name: 'pod-deleted',
  promise: 'when the pod of the primary is told to stop, it hands over first: a short interruption, and no acknowledged row is lost',
  alone: true,
  async run(trial) {
    const { cluster, ledger, step } = trial;
    const primary = await cluster.primary();
    step(`kubectl delete pod ${primary.name}`);
    await ledger.mark();
    await cluster.kubectl.run(['delete', 'pod', primary.name, '--wait=false']);
    const successor = await anotherLeads(cluster, primary);
    await writesResume(ledger, 60_000);
    assert.notEqual(successor.instance, primary.instance, 'another instance leads');
    await stoppedFor(trial, 6_000);
  },
};

import assert from 'node:assert/strict';
import { undisturbed } from './service';
import { NAMES } from '../harness/cluster';
import type { Scenario } from '../harness/scenario';
import { eventually, yes } from '../harness/wait';

export const replicaVolumeLost: Scenario = {
  name: 'replica-volume-lost',
  promise: 'a replica that lost its volume together with its pod is rebuilt, and nobody notices',
  async run({ cluster, ledger, step }) {
    const [replica] = await cluster.replicas();
    const claim = NAMES.dataClaim(replica.instance);
    const uid = async () => (await cluster.kubectl.run(['get', 'pvc', claim, '--ignore-not-found', '-o', 'jsonpath={.metadata.uid}'])).trim();
    const before = await uid();
    await ledger.mark();
    step(`deleting ${claim} and ${replica.name}`);
    await cluster.kubectl.run(['delete', 'pvc', claim, '--wait=false']);
    await cluster.kubectl.run(['delete', 'pod', replica.name]);
    await eventually('the claim to be gone', { withinMs: 120_000 }, async () => yes(await uid() !== before));
    // As a GitOps tool does sooner or later.
    await cluster.apply();
    await cluster.healthy(120_000);
    assert.notEqual(await uid(), before, 'the volume is a new one');
    await undisturbed(ledger);
  },
};

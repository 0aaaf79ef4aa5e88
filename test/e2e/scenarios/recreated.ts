import assert from 'node:assert/strict';
import { NAMES } from '../harness/cluster';
import type { Scenario } from '../harness/scenario';
import { eventually, yes } from '../harness/wait';

/** A cloning instance that has to wait for a leader first. */
const BACK_WITHIN_MS = 180_000;

export const recreated: Scenario = {
  name: 'recreated',
  promise: 'deleted except for volumes and Secrets, and applied again with one volume lost, the cluster comes back with its data, keys and identity',
  async run({ cluster, ledger, step }) {
    const identity = async () => ({
      systemId: (await cluster.status(await cluster.primary(BACK_WITHIN_MS))).systemId,
      authority: await cluster.kubectl.run(['get', 'secret', NAMES.authoritySecret, '-o', 'jsonpath={.data}']),
    });
    const before = await identity();
    const [replica] = await cluster.replicas();
    await ledger.mark();
    step('deleting everything but PersistentVolumeClaims and Secrets');
    await cluster.delete(({ kind }) => kind !== 'PersistentVolumeClaim' && kind !== 'Secret');
    await eventually('all pods to be gone', { withinMs: 150_000 }, () => yes(cluster.pods.all.length === 0));
    step(`deleting the volume of instance ${replica.instance}`);
    await cluster.kubectl.run(['delete', 'pvc', NAMES.dataClaim(replica.instance)]);
    step('applying everything again');
    await cluster.apply();
    await cluster.healthy(BACK_WITHIN_MS);
    assert.deepEqual(await identity(), before, 'the same system, the same authority');
    // The Service is another one, with another address; the ledger's balance needs to reach it.
    await ledger.move((await cluster.access()).host);
  },
};

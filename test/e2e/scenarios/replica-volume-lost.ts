import { undisturbed } from './service';
import { losesItsVolume } from './volume-lost';
import type { Scenario } from '../harness/scenario';

export const replicaVolumeLost: Scenario = {
  name: 'replica-volume-lost',
  promise: 'a replica that lost its volume together with its pod is rebuilt, and nobody notices',
  async run({ cluster, ledger, step }) {
    const [replica] = await cluster.replicas();
    await ledger.mark();
    step(`deleting the data claim of ${replica.name}, and the pod`);
    await losesItsVolume(cluster, replica);
    await cluster.healthy(120_000);
    await undisturbed(ledger);
  },
};

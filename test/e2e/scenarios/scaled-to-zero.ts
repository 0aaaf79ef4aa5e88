import assert from 'node:assert/strict';
import { NAMES } from '../harness/cluster';
import { REPLACING } from '../harness/logs';
import type { Scenario } from '../harness/scenario';
import { eventually, now, yes } from '../harness/wait';

export const scaledToZero: Scenario = {
  name: 'scaled-to-zero',
  promise: 'all pods told to stop at once and started again: one clean stop, the same timeline, nothing lost',
  // Where half a second lies between the primary's notice and that of a replica, the one hands over to the other, and rightly.
  alone: true,
  async run({ cluster, ledger, step }) {
    const primary = await cluster.primary();
    const before = await cluster.status(primary);
    // The primary as the last of them: however slow the machine is, it then finds nobody who stays.
    const sets = [...(await cluster.replicas()), primary].map(({ instance }) => NAMES.statefulSet(instance));
    const startedAt = new Date();
    await ledger.mark();
    step('scaling all StatefulSets to zero');
    const began = now();
    await cluster.kubectl.run(['scale', 'statefulset', ...sets, '--replicas=0']);
    await eventually('all pods to be gone', { withinMs: 150_000 }, () => yes(cluster.pods.all.length === 0));
    const stoppedInMs = Math.round(now() - began);
    step('and back to one each');
    await cluster.kubectl.run(['scale', 'statefulset', '--all', '--replicas=1']);
    await cluster.healthy(120_000);
    const after = await cluster.status(await cluster.primary());
    assert.equal(after.position?.timeline, before.position?.timeline, 'no timeline was made');
    assert.deepEqual(cluster.logs.decided(startedAt, [...REPLACING, 'promote']), [], 'nobody was cloned, rewound or promoted');
    return { stoppedInMs };
  },
};

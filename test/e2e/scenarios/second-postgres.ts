import assert from 'node:assert/strict';
import { isPostgres, shimOf } from './faults';
import type { Scenario } from '../harness/scenario';
import { eventually, yes } from '../harness/wait';
import type { Process } from '../target/machine';

export const secondPostgres: Scenario = {
  name: 'second-postgres',
  promise: 'a new pod on the volume of a force-deleted one starts no PostgreSQL until the last process of the old one is gone',
  needsMachine: true,
  mayLose: true,
  // The API server refuses the token of a pod that it has forgotten.
  fences: true,
  async run({ cluster, ledger, machine, step }) {
    const old = await cluster.primary();
    const shim = shimOf(machine, old);
    step(`stopping who would end the container of instance ${old.instance}, and deleting its pod by force`);
    await ledger.mark();
    let both: readonly Process[] = [];
    process.kill(shim, 'SIGSTOP');
    try {
      await cluster.kubectl.run(['delete', 'pod', old.name, '--force', '--grace-period=0', '--wait=false']);
      const fresh = await eventually('a new pod that waits for the lock', { withinMs: 90_000 }, async () => {
        const pod = cluster.pods.of(old.instance);
        if (pod === null || pod.uid === old.uid || pod.ip === null) return null;
        return (await cluster.status(pod)).doing === 'WaitingForLock' ? pod : null;
      });
      assert.equal(fresh.node, old.node, 'on the same node, and the same volume');
      step('the new pod waits');
      await eventually('the end of the old PostgreSQL', { withinMs: 60_000, everyMs: 20 }, () => {
        // In this order: whoever is seen first was alive when the second is looked at.
        const second = machine.processes(fresh.uid).filter(isPostgres);
        const first = machine.processes(old.uid).filter(isPostgres);
        if (first.length > 0 && second.length > 0) both = [...first, ...second];
        return yes(first.length === 0);
      });
      assert.deepEqual(both, [], 'a second PostgreSQL runs beside the old one');
    } finally {
      process.kill(shim, 'SIGCONT');
    }
    step('the old container may end');
    await cluster.healthy(120_000);
  },
};

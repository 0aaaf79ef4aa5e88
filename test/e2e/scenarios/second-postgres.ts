import assert from 'node:assert/strict';
import { isPostgres, shimOf } from './faults';
import type { Scenario } from '../harness/scenario';
import { eventually, now, sleep } from '../harness/wait';

const WAITS_FOR_MS = 10_000;

export const secondPostgres: Scenario = {
  name: 'second-postgres',
  promise: 'a new pod on the volume of a force-deleted one starts no PostgreSQL until the last process of the old one is gone',
  needsMachine: true,
  mayLose: true,
  async run({ cluster, ledger, machine, step }) {
    const old = await cluster.primary();
    const shim = shimOf(machine, old);
    step(`stopping who would end the container of instance ${old.instance}, and deleting its pod by force`);
    await ledger.mark();
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
      for (const end = now() + WAITS_FOR_MS; now() < end; await sleep(100)) {
        assert.ok(machine.processes(old.uid).some(isPostgres), 'the old PostgreSQL still runs');
        assert.deepEqual(machine.processes(fresh.uid).filter(isPostgres), [], 'no second one runs');
      }
    } finally {
      process.kill(shim, 'SIGCONT');
    }
    step('the old container may end');
    await cluster.healthy(120_000);
  },
};

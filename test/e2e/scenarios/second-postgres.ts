import assert from 'node:assert/strict';
import { containerOf, isPostgres } from './faults';
import { writesResume } from './service';
import type { Scenario } from '../harness/scenario';
import { eventually, sleep } from '../harness/wait';

const WAITS_FOR_MS = 10_000;

export const secondPostgres: Scenario = {
  name: 'second-postgres',
  promise: 'a new pod on the volume of a force-deleted one starts no PostgreSQL until the last process of the old one is gone',
  needsMachine: true,
  mayLose: true,
  fences: true,
  judgesOverlaps: true,
  async run({ cluster, ledger, probes, machine, step }) {
    const primary = await cluster.primary();
    const old = await containerOf(machine, cluster, primary);
    step(`freezing the container of instance ${primary.instance}, so that it cannot end, and deleting its pod by force`);
    await ledger.mark();
    await machine.freeze(old);
    try {
      await cluster.kubectl.run(['delete', 'pod', primary.name, '--force', '--grace-period=0', '--wait=false']);
      const successor = await eventually('a new pod with a running agent', { withinMs: 90_000 }, async () => {
        const pod = cluster.pods.of(primary.instance);
        if (pod === null || pod.uid === primary.uid || pod.ip === null) return null;
        return (await cluster.status(pod)).doing === 'WaitingForLock' ? pod : null;
      });
      assert.equal(successor.node, primary.node, 'on the same node, and the same volume');
      step('the new pod waits for the lock');
      await writesResume(ledger, 60_000);
      await sleep(WAITS_FOR_MS);
      const containers = await machine.containers(cluster.namespace, primary.name);
      const fresh = containers.filter(({ id }) => id !== old.id);
      assert.ok(containers.some(({ id }) => id === old.id), 'the old container is still there');
      for (const container of fresh) {
        assert.deepEqual((await machine.processes(container)).filter(isPostgres), [], 'no second PostgreSQL runs on the volume');
      }
    } finally {
      await machine.thaw(old);
    }
    step('the old container is thawed');
    await cluster.healthy(120_000);
    const overlaps = (await probes.overlaps()).filter(({ pods }) => !pods.some((pod) => pod.endsWith(primary.uid.slice(0, 8))));
    assert.deepEqual(overlaps, [], 'two instances acknowledged writes at once');
  },
};

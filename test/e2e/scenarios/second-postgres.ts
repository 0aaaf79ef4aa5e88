import assert from 'node:assert/strict';
import { isPostgres, shimOf } from './faults';
import type { Cluster } from '../harness/cluster';
import type { Pod } from '../harness/pods';
import type { Scenario } from '../harness/scenario';
import { eventually, now, yes } from '../harness/wait';
import type { Machine, Process } from '../target/machine';

const WAITS_MS = 5_000;

export const secondPostgres: Scenario = {
  name: 'second-postgres',
  promise: 'a new pod on the volume of a force-deleted one starts no PostgreSQL until the last process of the old one is gone',
  needsMachine: true,
  mayLose: true,
  // The API server refuses the token of a pod that it has forgotten.
  fences: true,
  async run({ cluster, ledger, machine, step }) {
    const [replica] = await cluster.replicas();
    await ledger.mark();
    step(`instance ${replica.instance}, a replica, whose PostgreSQL nobody but its kubelet ends`);
    await withoutEnd(cluster, machine, replica, async (both) => {
      const fresh = await eventually('a new pod that waits for the lock', { withinMs: 120_000 }, async () => {
        const pod = successorOf(cluster, replica);
        if (pod === null || pod.ip === null) return null;
        return (await cluster.status(pod)).doing === 'WaitingForLock' ? pod : null;
      });
      assert.equal(fresh.node, replica.node, 'on the same node, and the same volume');
      step('the new pod waits');
      const until = now() + WAITS_MS;
      await eventually('some time to pass', { withinMs: 60_000, everyMs: 20 }, () => {
        assert.ok(both().first, 'the old PostgreSQL is still there');
        return yes(now() >= until);
      });
    });

    const primary = await cluster.primary();
    step(`instance ${primary.instance}, the primary, which fences itself meanwhile`);
    await withoutEnd(cluster, machine, primary, async (both) => {
      await eventually('the end of the old PostgreSQL', { withinMs: 120_000, everyMs: 20 }, () => yes(!both().first));
    });
  },
};

/** Deletes the pod by force while whoever would end its container stands still, does the work, and looks whether a second PostgreSQL has run beside the first. */
async function withoutEnd(cluster: Cluster, machine: Machine, old: Pod, work: (look: () => { readonly first: boolean }) => Promise<void>): Promise<void> {
  const shim = shimOf(machine, old);
  let both: readonly Process[] = [];
  const look = () => {
    const fresh = successorOf(cluster, old);
    // In this order: whoever is seen first was alive when the second is looked at.
    const second = fresh === null ? [] : machine.processes(fresh.uid).filter(isPostgres);
    const first = machine.processes(old.uid).filter(isPostgres);
    if (first.length > 0 && second.length > 0) both = [...first, ...second];
    return { first: first.length > 0 };
  };
  process.kill(shim, 'SIGSTOP');
  try {
    await cluster.kubectl.run(['delete', 'pod', old.name, '--force', '--grace-period=0', '--wait=false']);
    await work(look);
    assert.deepEqual(both, [], 'a second PostgreSQL runs beside the old one');
  } finally {
    process.kill(shim, 'SIGCONT');
  }
  await cluster.healthy(120_000);
}

function successorOf(cluster: Cluster, old: Pod): Pod | null {
  const pod = cluster.pods.of(old.instance);
  return pod === null || pod.uid === old.uid ? null : pod;
}

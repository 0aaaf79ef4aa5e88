/** One run: the plan of a seed played on a whole cluster while the clients write, then everything mended, and what must be true whatever happened. */
import assert from 'node:assert/strict';
import { FAULTS, type World } from './faults';
import { planOf, type Step } from './plan';
import type { Cluster } from '../harness/cluster';
import { keyOf } from '../harness/probes';
import { INSTANCES } from '../harness/program';
import type { Scenario, Trial } from '../harness/scenario';
import { eventually, now, sleep } from '../harness/wait';

const HEALED_WITHIN_MS = 180_000;

export function nemesisOf(seed: number): Scenario {
  const plan = planOf(seed, INSTANCES.map(({ name }) => name));
  return {
    name: `nemesis-${seed}`,
    promise: 'whatever befalls it, no two instances take writes at once, nothing is lost that a crash or a switchover alone must not lose, and all is well once faults stop',
    alone: true,
    needsMachine: true,
    mayLose: plan.some(({ fault }) => FAULTS[fault].mayLose),
    fences: true,
    judgesOverlaps: true,
    async run(trial) {
      const thawed = await play(trial, plan);
      await trial.cluster.apply();
      await trial.cluster.healthy(HEALED_WITHIN_MS);
      await sameEverywhere(trial.cluster);
      // What was on its way when a container froze may be acknowledged in the instant between thaw and death.
      const overlaps = (await trial.probes.overlaps()).filter(({ pods }) => !pods.some((pod) => thawed.has(pod)));
      assert.deepEqual(overlaps, [], 'two instances acknowledged writes at once');
      return { seed, faults: plan.length };
    },
  };
}

/** Which pods have been frozen. */
async function play({ cluster, machine, step }: Trial, plan: readonly Step[]): Promise<ReadonlySet<string>> {
  const world: World = { cluster, machine };
  const began = now();
  const thawed = new Set<string>();
  const under: Promise<void>[] = [];
  const busy = new Set<string>();
  for (const each of plan) {
    await sleep(began + each.atMs - now());
    const pod = each.on === 'leader' ? await cluster.findPrimary() ?? cluster.pods.all[0] : cluster.pods.of(each.on);
    // One thing is mended before the same is done to it again.
    const key = `${each.fault} ${each.fault === 'API server stopped' ? '' : pod?.node}`;
    if (pod === null || pod === undefined || pod.node === null || busy.has(key)) continue;
    step(`${each.fault} (instance ${pod.instance}, ${each.forMs} ms)`);
    if (each.fault === 'container frozen') thawed.add(keyOf(pod));
    busy.add(key);
    under.push(FAULTS[each.fault].strike(world, pod, each)
      .catch((error: unknown) => step(`${each.fault} could not be made: ${String(error).split('\n')[0]}`))
      .finally(() => busy.delete(key)));
  }
  await Promise.all(under);
  step('all faults are over');
  return thawed;
}

/** Every instance has what the primary has now; the ledger goes on writing. */
async function sameEverywhere(cluster: Cluster): Promise<void> {
  const last = await cluster.psql(await cluster.primary(), 'SELECT max(id) FROM ledger', 'app');
  await eventually('the same rows on every instance', { withinMs: 60_000, everyMs: 500 }, async () => {
    const sums = await Promise.all(cluster.pods.all.map((pod) => cluster.psql(pod, `SELECT count(*), sum(id) FROM ledger WHERE id <= ${last}`, 'app')));
    return new Set(sums).size === 1 ? true : null;
  });
}

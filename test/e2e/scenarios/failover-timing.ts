import assert from 'node:assert/strict';
import { containerOf } from './faults';
import { anotherLeads, stoppedFor, undisturbed, writesResume } from './service';
import { FailoverTiming } from '../../../src';
import { FAST_TIMING, FRUGAL_TIMING, type Timing } from '../../../src/contract';
import { NAMES } from '../harness/cluster';
import type { Scenario, Trial } from '../harness/scenario';
import { eventually, sleep, yes } from '../harness/wait';

export const failoverTiming: Scenario = {
  name: 'failover-timing',
  promise: 'the timing changes under a running cluster without an interruption, longer and shorter, and with the fast one a frozen primary is replaced sooner than the default allows',
  alone: true,
  needsMachine: true,
  mayLose: true,
  fences: true,
  judgesOverlaps: true,
  async run(trial) {
    const { cluster, ledger, machine, step } = trial;
    await ledger.mark();
    await changed(trial, FailoverTiming.FRUGAL, FRUGAL_TIMING);
    await changed(trial, FailoverTiming.FAST, FAST_TIMING);
    await undisturbed(ledger);

    const primary = await cluster.primary();
    const container = await containerOf(machine, cluster, primary);
    step(`freezing the container of instance ${primary.instance}`);
    await ledger.mark();
    await machine.freeze(container);
    await anotherLeads(cluster, primary);
    const stoppedForMs = await writesResume(ledger, 60_000);
    await stoppedFor(trial, 9_500);
    await machine.thaw(container);
    await cluster.healthy(120_000);
    await cluster.apply();
    return { stoppedForMs };
  },
};

/** Everybody has read it and the Lease says so; then it lasts for a while, in which nobody may lead anew. */
async function changed({ cluster, step }: Trial, timing: FailoverTiming, wanted: Timing): Promise<void> {
  step(`the timing ${timing}`);
  await cluster.apply({ props: { failover: { timing } } });
  await eventually(`a Lease of ${wanted.leaseDuration} ms`, { withinMs: 60_000 }, async () => {
    const { spec } = await cluster.kubectl.json<{ spec: { leaseDurationSeconds: number } }>('get', 'lease', NAMES.lease);
    return yes(spec.leaseDurationSeconds * 1_000 === wanted.leaseDuration);
  });
  await sleep(SEEN_BY_ALL_MS);
  assert.ok(await cluster.findPrimary() !== null);
}

/** Each agent watches the spec. */
const SEEN_BY_ALL_MS = 3_000;

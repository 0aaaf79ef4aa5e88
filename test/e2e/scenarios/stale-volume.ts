import assert from 'node:assert/strict';
import { writesResume } from './service';
import { INSTANCES, type Program } from '../harness/program';
import type { Scenario } from '../harness/scenario';
import { eventually, sleep, yes } from '../harness/wait';

const WRITES_FOR_MS = 5_000;

export const staleVolume: Scenario = {
  name: 'stale-volume',
  promise: 'an instance that was removed as primary and comes back to its old volume follows; it never leads from what it had',
  async run({ cluster, ledger, probes, step }) {
    const removed = await cluster.primary();
    const others: Program = { props: { instanceList: INSTANCES.filter(({ name }) => name !== removed.instance) } };
    const rest = INSTANCES.map(({ name }) => name).filter((name) => name !== removed.instance);
    await ledger.mark();
    step(`removing instance ${removed.instance}, the primary`);
    await cluster.apply(others);
    await cluster.delete(({ kind, metadata }) => kind === 'StatefulSet' && removed.name.startsWith(metadata.name));
    await writesResume(ledger, 60_000);
    await eventually('its pod to be gone', { withinMs: 130_000 }, () => yes(cluster.pods.of(removed.instance) === null));
    await cluster.healthy(120_000, rest);
    await sleep(WRITES_FOR_MS);
    step('adding it again');
    await cluster.apply();
    await cluster.healthy(120_000);
    const led = (await probes.periods()).filter(({ pod }) => pod.startsWith(`${removed.instance}/`) && !removed.uid.startsWith(pod.split('/')[1]));
    assert.deepEqual(led.map(({ pod }) => pod), [], 'it did not accept a single write since');
  },
};

import assert from 'node:assert/strict';
import { containerOf, isPostgres } from './faults';
import { anotherLeads, stoppedFor, writesResume } from './service';
import { keyOf } from '../harness/probes';
import type { Scenario } from '../harness/scenario';
import { eventually, now, sleep, yes } from '../harness/wait';
import { isAlive, isFrozen } from '../target/machine';

const FROZEN_MS = 60_000;

export const frozen: Scenario = {
  name: 'frozen',
  promise: 'a primary whose container is frozen is replaced, and dies at once when it is thawed',
  alone: true,
  needsMachine: true,
  mayLose: true,
  fences: true,
  // A commit that was on its way when the container froze may be acknowledged in the instant between thaw and death: counted here.
  judgesOverlaps: true,
  async run(trial) {
    const { cluster, ledger, probes, machine, step } = trial;
    const primary = await cluster.primary();
    const container = await containerOf(machine, cluster, primary);
    step(`freezing the container of instance ${primary.instance}`);
    await ledger.mark();
    await machine.freeze(container);
    const frozenAt = now();
    await anotherLeads(cluster, primary);
    await writesResume(ledger, 60_000);
    await stoppedFor(trial, 20_000);
    await sleep(frozenAt + FROZEN_MS - now());

    const old = machine.processes(primary.uid).filter(isPostgres);
    assert.ok(old.length > 0, 'the frozen container still has its PostgreSQL');
    step(`thawing it after ${Math.round((now() - frozenAt) / 1000)} s with ${old.length} processes of PostgreSQL`);
    const thawing = machine.thaw(container);
    await eventually('the thaw', { withinMs: 10_000, everyMs: 1 }, () => yes(!old.some((process) => isAlive(process) && isFrozen(process))));
    const thawedAt = now();
    await eventually('the end of the thawed PostgreSQL', { withinMs: 10_000, everyMs: 1 }, () => yes(!old.some(isAlive)));
    const diedAt = now();
    await thawing;
    await cluster.healthy(120_000);

    const late = (await probes.periods())
      .filter(({ pod }) => pod === keyOf(primary))
      .flatMap(({ writes }) => writes)
      .filter((at) => at >= thawedAt && at <= diedAt + 1_000).length;
    const overlaps = (await probes.overlaps()).filter(({ pods }) => !pods.includes(keyOf(primary)));
    assert.deepEqual(overlaps, [], 'two instances acknowledged writes at once');
    return { deadAfterThawMs: Math.round(diedAt - thawedAt), acknowledgedAfterThaw: late };
  },
};

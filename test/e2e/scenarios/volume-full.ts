import assert from 'node:assert/strict';
import { agentOf } from './faults';
import { scale, withFileSystem } from './own-file-system';
import { hasWarningEvent, showsNoProblem, showsProblem } from './problems';
import { anotherLeads, undisturbed, writesResume } from './service';
import type { Cluster } from '../harness/cluster';
import type { Pod } from '../harness/pods';
import type { Program } from '../harness/program';
import type { Scenario } from '../harness/scenario';
import { eventually, sleep, yes } from '../harness/wait';

/** The one with the small volume: of equals, the first by name takes over. */
const SMALL = '1';
const MEBIBYTES = 500;
/** Little log, so that it is the scenario that fills the volume. */
const PROGRAM: Program = { props: { parameters: { wal_keep_size: '32MB', max_wal_size: '64MB', min_wal_size: '32MB' } } };
/** PostgreSQL may be started so often on a full volume. */
const MOST_STARTS = 4;

/** Segments of write-ahead log, one after the other. */
const segments = (count: number) =>
  `DO $$ BEGIN FOR i IN 1..${count} LOOP PERFORM pg_logical_emit_message(false, 'volume-full', repeat('x', 1000)); PERFORM pg_switch_wal(); END LOOP; END $$`;

export const volumeFull: Scenario = {
  name: 'volume-full',
  promise: 'a full volume loses nothing: a replica waits for room and says so, a primary hands over to one with room or stays to be read, and each comes back by itself',
  needsMachine: true,
  begins: PROGRAM,
  async run(trial) {
    const { cluster, machine, step } = trial;
    const { ledger } = trial;
    const outages: Record<string, number> = {};
    const starts: Record<string, number> = {};
    step(`a volume of ${MEBIBYTES} MiB for instance ${SMALL}`);
    await withFileSystem(cluster, machine, SMALL, MEBIBYTES, async (volume) => {
      await cluster.healthy(120_000);

      step('a replica\'s volume fills under load');
      let since = new Date();
      await ledger.mark();
      await volume.fill(45);
      await showsProblem(cluster, SMALL, /^VolumeFilling: .*less than 10 % of/);
      await cluster.psql(await cluster.primary(), segments(8));
      await showsProblem(cluster, SMALL, /^VolumeFull: .*data \(\/pgdata\)/);
      await hasWarningEvent(cluster, SMALL, /^VolumeFull/);
      await sleep(35_000);
      starts.replica = startsOf(cluster, since);
      await undisturbed(ledger);
      step('room is made');
      await volume.free();
      await showsNoProblem(cluster, SMALL, /^VolumeFull/);
      await cluster.healthy(120_000);

      step('a primary\'s volume is almost full');
      const first = await becomesPrimary(cluster);
      since = new Date();
      await ledger.mark();
      await volume.fill(20);
      await anotherLeads(cluster, first);
      outages.almostFull = await writesResume(ledger, 60_000);
      await showsProblem(cluster, SMALL, /^VolumeFull/);
      starts.almostFull = startsOf(cluster, since);
      step('the volume grows');
      await scale(cluster, SMALL, 0);
      await eventually('the volume to be let go of and larger', { withinMs: 120_000, everyMs: 1_000 }, async () => { await volume.grow(MEBIBYTES + 200); return true; });
      await scale(cluster, SMALL, 1);
      await eventually('its pod', { withinMs: 60_000 }, () => yes(cluster.pods.of(SMALL)?.ready ?? false));
      await showsNoProblem(cluster, SMALL, /^VolumeFull/);
      await hasEvent(cluster, /^VolumeGrown: .*data \(\/pgdata\) has grown from/);
      await cluster.healthy(120_000);
      await volume.free();

      step('a primary dies of a full volume');
      const second = await becomesPrimary(cluster);
      since = new Date();
      await ledger.mark();
      // Else it would hand over before: nobody looks while the volume fills.
      const agent = agentOf(machine, second);
      process.kill(agent.pid, 'SIGSTOP');
      await volume.fill(20);
      await cluster.psql(second, segments(40)).catch(() => undefined);
      process.kill(agent.pid, 'SIGCONT');
      await anotherLeads(cluster, second);
      assert.ok(cluster.logs.since(since).some(({ instance, fields }) => instance === SMALL && /PANIC: .*No space left/.test(String(fields.msg))), 'PostgreSQL died of it');
      outages.died = await writesResume(ledger, 60_000);
      await showsProblem(cluster, SMALL, /^VolumeFull/);
      await sleep(35_000);
      starts.died = startsOf(cluster, since);
      step('room is made');
      await volume.free();
      await cluster.healthy(120_000);

      step('nobody has room');
      const third = await becomesPrimary(cluster);
      const others = (await cluster.replicas()).map(({ instance }) => instance);
      await Promise.all(others.map((instance) => scale(cluster, instance, 0)));
      await eventually('it to be alone', { withinMs: 130_000 }, () => yes(cluster.pods.all.length === 1));
      since = new Date();
      await ledger.mark();
      await volume.fill(20);
      await eventually('writes to be refused', { withinMs: 30_000 }, async () => yes(/read-only transaction/.test((await ledger.report()).lastTrouble ?? '')));
      assert.equal(await cluster.psql(third, 'SELECT count(*) > 0 FROM ledger', 'app'), 't', 'it can be read from');
      await volume.free();
      outages.alone = await writesResume(ledger, 60_000);
      starts.alone = startsOf(cluster, since);
      await cluster.apply(PROGRAM);
      await cluster.healthy(120_000);
    });
    for (const [when, count] of Object.entries(starts)) assert.ok(count <= MOST_STARTS, `PostgreSQL was started ${count} times in a row: ${when}`);
    return { outages, starts };
  },
};

/** Of two candidates either may be the further one: so there is only one for a while. */
async function becomesPrimary(cluster: Cluster): Promise<Pod> {
  await showsNoProblem(cluster, SMALL, /^VolumeFull/);
  const primary = await cluster.primary();
  if (primary.instance === SMALL) return primary;
  const bystander = (await cluster.replicas()).find(({ instance }) => instance !== SMALL)!.instance;
  await scale(cluster, bystander, 0);
  await cluster.kubectl.run(['delete', 'pod', primary.name, '--wait=false']);
  await anotherLeads(cluster, primary);
  await scale(cluster, bystander, 1);
  await cluster.healthy(120_000);
  return cluster.primary();
}

function startsOf(cluster: Cluster, since: Date): number {
  return cluster.logs.since(since).filter(({ instance, fields }) => instance === SMALL && fields.msg === 'PostgreSQL started').length;
}

function hasEvent(cluster: Cluster, wanted: RegExp): Promise<true> {
  return eventually(`an Event ${wanted}`, { withinMs: 30_000 }, async () => {
    const { items } = await cluster.kubectl.json<{ items: { reason: string; message: string }[] }>('get', 'events');
    return yes(items.some((event) => wanted.test(`${event.reason}: ${event.message}`)));
  });
}

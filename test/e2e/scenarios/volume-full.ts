import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { agentOf } from './faults';
import { scale, withFileSystem } from './own-file-system';
import { hasWarningEvent, showsNoProblem, showsProblem } from './problems';
import { anotherLeads, undisturbed, writesResume } from './service';
import { PGDATA } from '../../../src/contract';
import type { Cluster } from '../harness/cluster';
import type { Pod } from '../harness/pods';
import type { Program } from '../harness/program';
import type { Scenario } from '../harness/scenario';
import { eventually, sleep, yes } from '../harness/wait';
import { isAlive } from '../target/machine';

/** The one with the small volume: of equals, the first by name takes over. */
const SMALL = '1';
const MEBIBYTES = 500;
/** Little log, so that it is the scenario that fills the volume. */
const PROGRAM: Program = { props: { parameters: { wal_keep_size: '32MB', max_wal_size: '64MB', min_wal_size: '32MB' } } };
/** PostgreSQL may be started so often on a full volume: once or twice at first, then each half a minute. */
const mostStarts = (afterMs: number) => 2 + Math.ceil(afterMs / 30_000);

/** Segments of write-ahead log, one after the other; `when` is waited for. */
const segments = (count: number, when = 'true') =>
  `DO $$ BEGIN WHILE NOT (${when}) LOOP PERFORM pg_sleep(0.02); END LOOP; FOR i IN 1..${count} LOOP PERFORM pg_logical_emit_message(false, 'volume-full', repeat('x', 1000)); PERFORM pg_switch_wal(); END LOOP; END $$`;

export const volumeFull: Scenario = {
  name: 'volume-full',
  promise: 'a full volume loses nothing: a replica waits for room and says so, a primary hands over to one with room or stays to be read, and each comes back by itself',
  needsMachine: true,
  begins: PROGRAM,
  async run(trial) {
    const { cluster, machine, step } = trial;
    const { ledger } = trial;
    const outages: Record<string, number> = {};
    const starts: Record<string, Starts> = {};
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
      const filling = cluster.psql(second, segments(40, `coalesce((pg_stat_file('${dirname(PGDATA)}/ballast', true)).size, 0) > 0`)).catch(() => undefined);
      await eventually('a session that waits for the volume to be full', { withinMs: 30_000 }, async () => (
        yes(await cluster.psql(second, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'DO %ballast%'") === '1')));
      // From here to the end of PostgreSQL it takes a moment; the guard waits for a silent agent for some seconds.
      process.kill(agent.pid, 'SIGSTOP');
      await volume.fill(20);
      await filling;
      if (isAlive(agent)) process.kill(agent.pid, 'SIGCONT');
      await anotherLeads(cluster, second);
      await eventually('PostgreSQL to have died of it', { withinMs: 60_000 }, () => (
        yes(cluster.logs.since(since).some(({ instance, fields }) => instance === SMALL && /PANIC: .*No space left/.test(String(fields.msg))))));
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
      await eventually('writes to be refused', { withinMs: 60_000 }, async () => yes(/read-only transaction/.test((await ledger.report()).lastTrouble ?? '')));
      assert.equal(await cluster.psql(third, 'SELECT count(*) > 0 FROM ledger', 'app'), 't', 'it can be read from');
      await volume.free();
      outages.alone = await writesResume(ledger, 60_000);
      starts.alone = startsOf(cluster, since);
      await cluster.apply(PROGRAM);
      await cluster.healthy(120_000);
    });
    for (const [when, { count, afterMs }] of Object.entries(starts)) assert.ok(count <= mostStarts(afterMs), `PostgreSQL was started ${count} times in ${afterMs} ms: ${when}`);
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

interface Starts {
  readonly count: number;
  readonly afterMs: number;
}

function startsOf(cluster: Cluster, since: Date): Starts {
  const count = cluster.logs.since(since).filter(({ instance, fields }) => instance === SMALL && fields.msg === 'PostgreSQL started').length;
  return { count, afterMs: Date.now() - since.getTime() };
}

function hasEvent(cluster: Cluster, wanted: RegExp): Promise<true> {
  return eventually(`an Event ${wanted}`, { withinMs: 60_000 }, async () => {
    const { items } = await cluster.kubectl.json<{ items: { reason: string; message: string }[] }>('get', 'events');
    return yes(items.some((event) => wanted.test(`${event.reason}: ${event.message}`)));
  });
}

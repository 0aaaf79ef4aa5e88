import assert from 'node:assert/strict';
import { archiverOf, holesIn, Repo, WITH_BACKUPS } from '../harness/repo';
import type { Scenario } from '../harness/scenario';
import { eventually, yes } from '../harness/wait';

const SWITCHES = 4;

export const archiveHole: Scenario = {
  name: 'archive-hole',
  promise: 'what a primary could not archive before it handed over is archived by its successor: archive down, failover, archive back, and no hole',
  startsEmpty: true,
  async run(trial) {
    const { cluster, startClients, step } = trial;
    await cluster.apply(WITH_BACKUPS);
    await cluster.healthy(180_000);
    await startClients();
    const repo = new Repo(cluster);
    await repo.ready();
    const old = await cluster.primary();
    await repo.down();
    for (let count = 0; count < SWITCHES; count++) await cluster.psql(old, 'SELECT pg_create_restore_point(\'hole\'), pg_switch_wal()');
    await eventually('the archiver to fail', { withinMs: 60_000 }, async () => yes((await archiverOf(cluster, old))?.failing === true));
    step(`instance ${old.instance} cannot archive; deleting its pod`);
    await trial.ledger.mark();
    await cluster.kubectl.run(['delete', 'pod', old.name, '--wait=false']);
    const successor = await eventually('another primary', { withinMs: 60_000 }, async () => {
      const primary = await cluster.findPrimary();
      return primary !== null && primary.uid !== old.uid ? primary : null;
    });
    await cluster.healthy(120_000);
    const { longestMs } = await trial.ledger.report();
    step('bringing the archive back');
    await repo.up();
    await eventually('the successor to have archived all', { withinMs: 120_000 }, async () => {
      await cluster.psql(successor, 'SELECT pg_switch_wal()');
      const archiver = await archiverOf(cluster, successor);
      return yes(archiver !== null && !archiver.failing && archiver.waiting <= 1 && archiver.lastArchived !== null);
    });
    const archived = await repo.archived();
    assert.deepEqual(holesIn(archived), []);
    const numbers = (timeline: string) => archived.filter((name) => name.startsWith(timeline)).map((name) => name.slice(8));
    const [forked] = numbers('00000002');
    const before = numbers('00000001');
    assert.ok(forked !== undefined && before.length > SWITCHES, `both timelines are in the archive: ${archived.join(' ')}`);
    const last = Number.parseInt(before[before.length - 1].replace(/^(.{8}).{6}/, '$1'), 16);
    assert.ok(last + 1 >= Number.parseInt(forked.replace(/^(.{8}).{6}/, '$1'), 16), `the old timeline reaches to where the new one begins: ${archived.join(' ')}`);
    return { switchoverMs: longestMs };
  },
};

import assert from 'node:assert/strict';
import { anotherLeads } from './service';
import { archived, archiverOf, holesIn, Repo, WITH_BACKUPS } from '../harness/repo';
import type { Scenario } from '../harness/scenario';
import { eventually, yes } from '../harness/wait';

const SWITCHES = 4;

export const archiveHole: Scenario = {
  name: 'archive-hole',
  promise: 'what a primary could not archive before it handed over is archived by its successor: archive down, failover, archive back, and no hole',
  begins: WITH_BACKUPS,
  async run(trial) {
    const { cluster, step } = trial;
    const repo = await Repo.of(cluster);
    const old = await cluster.primary();
    await repo.down();
    for (let count = 0; count < SWITCHES; count++) await cluster.psql(old, 'SELECT pg_create_restore_point(\'hole\'), pg_switch_wal()');
    await eventually('the archiver to fail', { withinMs: 60_000 }, async () => yes((await archiverOf(cluster, old))?.failing === true));
    step(`instance ${old.instance} cannot archive; deleting its pod`);
    await trial.ledger.mark();
    await cluster.kubectl.run(['delete', 'pod', old.name, '--wait=false']);
    const successor = await anotherLeads(cluster, old);
    await cluster.healthy(120_000);
    const { longestMs } = await trial.ledger.report();
    step('bringing the archive back');
    await repo.up();
    await archived(cluster, successor);
    const there = await repo.archived();
    assert.deepEqual(holesIn(there), []);
    const numbers = (timeline: string) => there.filter((name) => name.startsWith(timeline)).map((name) => name.slice(8));
    const [forked] = numbers('00000002');
    const before = numbers('00000001');
    assert.ok(forked !== undefined && before.length > SWITCHES, `both timelines are in the archive: ${there.join(' ')}`);
    const last = Number.parseInt(before[before.length - 1].replace(/^(.{8}).{6}/, '$1'), 16);
    assert.ok(last + 1 >= Number.parseInt(forked.replace(/^(.{8}).{6}/, '$1'), 16), `the old timeline reaches to where the new one begins: ${there.join(' ')}`);
    return { switchoverMs: longestMs };
  },
};

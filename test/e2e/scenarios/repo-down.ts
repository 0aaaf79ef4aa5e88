import assert from 'node:assert/strict';
import { undisturbed } from './service';
import { archived, archiverOf, holesIn, Repo, WITH_BACKUPS } from '../harness/repo';
import type { Scenario } from '../harness/scenario';
import { eventually, yes } from '../harness/wait';

export const repoDown: Scenario = {
  name: 'repo-down',
  promise: 'a repo host that is down for a while is told as a problem, blocks no write and no replica, and its archive catches up without a hole',
  begins: WITH_BACKUPS,
  async run(trial) {
    const { cluster, step } = trial;
    const repo = await Repo.of(cluster);
    const primary = await cluster.primary();
    const { ledger } = trial;
    step('taking the repo host down');
    await ledger.mark();
    await repo.down();
    await eventually('the problem to be told', { withinMs: 60_000 }, async () => {
      await cluster.psql(primary, 'SELECT pg_switch_wal()');
      return yes((await cluster.status(primary)).problems.some(({ code }) => code === 'Archiving'));
    });
    const waiting = (await archiverOf(cluster, primary))!.waiting;
    await cluster.healthy(60_000);
    step(`${waiting} files wait; bringing it back`);
    await repo.up();
    const began = performance.now();
    await archived(cluster, primary);
    // A push alone gives up after 15 s.
    const longestSilenceMs = await undisturbed(ledger);
    assert.deepEqual(holesIn(await repo.archived()), []);
    assert.equal((await cluster.primary()).uid, primary.uid, 'nothing failed over');
    return { waiting, caughtUpMs: Math.round(performance.now() - began), longestSilenceMs };
  },
};

import assert from 'node:assert/strict';
import { archiverOf, holesIn, Repo, WITH_BACKUPS } from '../harness/repo';
import type { Scenario } from '../harness/scenario';
import { eventually, yes } from '../harness/wait';

/** A push alone gives up after 15 s; a busy machine stands still for one or two without any fault. */
const LONGEST_SILENCE_MS = 5_000;

export const repoDown: Scenario = {
  name: 'repo-down',
  promise: 'a repo host that is down for a while is told as a problem, blocks no write and no replica, and its archive catches up without a hole',
  startsEmpty: true,
  async run(trial) {
    const { cluster, startClients, step } = trial;
    await cluster.apply(WITH_BACKUPS);
    await cluster.healthy(180_000);
    await startClients();
    const repo = new Repo(cluster);
    await repo.ready();
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
    assert.equal(await cluster.whyUnhealthy(), null, 'instances take no notice');
    step(`${waiting} files wait; bringing it back`);
    await repo.up();
    const began = performance.now();
    await eventually('the archive to catch up', { withinMs: 120_000 }, async () => {
      await cluster.psql(primary, 'SELECT pg_switch_wal()');
      const archiver = await archiverOf(cluster, primary);
      return yes(archiver !== null && !archiver.failing && archiver.waiting <= 1);
    });
    const { longestMs, connectionsSinceMark } = await ledger.report();
    assert.ok(longestMs < LONGEST_SILENCE_MS, `writes stood still for ${longestMs} ms`);
    assert.equal(connectionsSinceMark, 0, 'no connection was broken');
    assert.deepEqual(holesIn(await repo.archived()), []);
    assert.equal((await cluster.primary()).uid, primary.uid, 'nothing failed over');
    return { waiting, caughtUpMs: Math.round(performance.now() - began), longestSilenceMs: longestMs };
  },
};

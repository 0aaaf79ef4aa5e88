import assert from 'node:assert/strict';
import { Repo, WITH_BACKUPS } from '../harness/repo';
import type { Scenario } from '../harness/scenario';

export const backups: Scenario = {
  name: 'backups',
  promise: 'full, differential and incremental backups are made by their schedules\' Jobs under load, and pgBackRest finds archive and backups right',
  startsEmpty: true,
  async run({ cluster, startClients, step }) {
    step('applying a program with a repo on a volume');
    await cluster.apply(WITH_BACKUPS);
    await cluster.healthy(180_000);
    await startClients();
    const repo = new Repo(cluster);
    await repo.ready();
    const seconds: Record<string, number> = {};
    for (const kind of ['full', 'differential', 'incremental'] as const) {
      step(`${kind} backup`);
      const began = performance.now();
      const log = await repo.backup(kind);
      seconds[kind] = Math.round((performance.now() - began) / 100) / 10;
      assert.match(log, /backup command end: completed successfully/, 'the Job tells the backup\'s progress');
    }
    assert.deepEqual((await repo.backups()).map(({ type }) => type), ['full', 'diff', 'incr']);
    await repo.pgBackRest('check');
    return { backupSeconds: seconds };
  },
};

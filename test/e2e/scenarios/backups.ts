import assert from 'node:assert/strict';
import { Repo, WITH_BACKUPS } from '../harness/repo';
import type { Scenario } from '../harness/scenario';

export const backups: Scenario = {
  name: 'backups',
  promise: 'full, differential and incremental backups are made by their schedules\' Jobs under load, and pgBackRest finds archive and backups right',
  begins: WITH_BACKUPS,
  async run({ cluster, step }) {
    const repo = await Repo.of(cluster);
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

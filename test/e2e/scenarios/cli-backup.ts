import assert from 'node:assert/strict';
import { Cli } from '../harness/cli';
import { CLUSTER } from '../harness/program';
import { Repo, WITH_BACKUPS } from '../harness/repo';
import type { Scenario } from '../harness/scenario';
import { eventually, yes } from '../harness/wait';

interface Holdings {
  readonly backups: readonly { readonly repo: number; readonly type: string; readonly label: string }[];
  readonly archives: readonly { readonly repo: number; readonly max: string | null }[];
}

export const cliBackup: Scenario = {
  name: 'cli-backup',
  promise: 'the command line makes a backup, shows its progress, ends as it ends, and tells what the repos hold',
  begins: WITH_BACKUPS,
  async run({ cluster, step }) {
    const tool = new Cli(cluster.namespace);

    step('a full backup, for people; at once, whether the repo has been made yet or not');
    const full = await tool.run(['backup', CLUSTER, '--type', 'full']);
    assert.equal(full.code, 0, full.stderr);
    assert.match(full.stdout, /backup command end: completed successfully[^]*full backup to repo 1: done\n$/);

    step('an incremental one, for machines');
    const incremental = await tool.run(['backup', CLUSTER, '--type', 'incr', '--repo', '1', '-o', 'json']);
    assert.equal(incremental.code, 0, incremental.stderr);
    assert.deepEqual({ ...JSON.parse(incremental.stdout) as object, job: null, seconds: null }, {
      cluster: CLUSTER, namespace: cluster.namespace, type: 'incr', repo: 1, job: null, ok: true, seconds: null,
    });

    step('what the repos hold');
    const repo = await Repo.of(cluster);
    const labels = (await repo.backups()).map(({ label }) => label).sort();
    assert.equal(labels.length, 2);
    await eventually('the command line to tell both', { withinMs: 90_000, everyMs: 1_000 }, async () => {
      const { code, stdout } = await tool.run(['backups', CLUSTER, '-o', 'json']);
      return yes(code === 0 && (JSON.parse(stdout) as Holdings).backups.map(({ label }) => label).sort().join() === labels.join());
    });
    const table = (await tool.run(['backups', CLUSTER])).stdout;
    for (const label of labels) assert.ok(table.includes(` ${label} `), table);
    assert.match((await tool.run(['status', CLUSTER])).stdout, /^last backup: incr, \d+[sm] ago$/m);

    step('a repo that is not there');
    const none = await tool.run(['backup', CLUSTER, '--type', 'full', '--repo', '2']);
    assert.deepEqual([none.code, none.stdout], [1, '']);
    assert.match(none.stderr, /has no repo 2/);
  },
};

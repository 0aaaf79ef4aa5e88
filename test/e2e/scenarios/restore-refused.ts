import assert from 'node:assert/strict';
import { showsNoProblem, someShowProblem } from './problems';
import { BackupSchedule, Bootstrap } from '../../../src';
import { Cluster } from '../harness/cluster';
import { CLUSTER, INSTANCES, type Program } from '../harness/program';
import { backUp, NEVER } from '../harness/repo';
import { S3Server } from '../harness/s3';
import type { Scenario } from '../harness/scenario';
import { eventually, yes } from '../harness/wait';

export const restoreRefused: Scenario = {
  name: 'restore-refused',
  promise: 'wrong keys, a wrong passphrase and an archive that is in use keep a restore from beginning, each is told, and it goes on when that is put right',
  begins: 'nothing',
  async run({ cluster, startClients, step }) {
    step('an S3 server, and a cluster that backs up to two repos of it');
    const s3 = await S3Server.start(cluster);
    const source = await Cluster.create(cluster.target, `${cluster.namespace}-source`, `${cluster.directory}/source`);
    try {
      await s3.giveAccess(source);
      const schedules = [BackupSchedule.full(NEVER), BackupSchedule.full(NEVER, { repo: 2 })];
      await source.apply({ props: { instanceList: INSTANCES.slice(0, 1), backups: { repos: [s3.repo('/shop'), s3.repo('/used')], schedules } } });
      await source.healthy(180_000, ['1']);
      const { database } = await source.access();
      await source.psql(source.pod('1'), 'CREATE TABLE kept AS SELECT 7 AS id', database);
      await backUp(source, 'full', 1);

      step('a restore with the wrong secret key, next to an archive that is in use');
      await s3.giveAccess(cluster, { secretAccessKey: 'of somebody else' });
      await cluster.apply(restoring(s3, '/used'));
      await someShowProblem(cluster, /^ActionFailed: restore: .*(SignatureDoesNotMatch|403)/);
      step('with the wrong passphrase');
      await s3.giveAccess(cluster, { passphrase: 'of somebody else' });
      await someShowProblem(cluster, /^ActionFailed: restore: .*is the passphrase right\?/);
      step('with the right ones');
      await s3.giveAccess(cluster);
      await someShowProblem(cluster, /^ActionFailed: restore: the archive of this cluster is not empty/);
      step('into an archive of its own');
      await cluster.apply(restoring(s3, '/own'));
      await cluster.healthy(240_000);
      await startClients();
      const restored = await cluster.access();
      assert.equal(await cluster.psql(await cluster.primary(), 'SELECT id FROM kept', restored.database), '7');
      await eventually('nothing to be wrong any more', { withinMs: 120_000 }, async () => (
        yes((await Promise.all(cluster.pods.all.map((pod) => cluster.status(pod)))).every(({ problems }) => problems.length === 0))));
      await showsNoProblem(source, '1', /^/);
    } finally {
      await source.remove();
    }
  },
};

function restoring(s3: S3Server, own: string): Program {
  return {
    props: {
      bootstrap: Bootstrap.fromBackup({ repo: s3.repo('/shop'), stanza: CLUSTER }),
      backups: { repos: [s3.repo(own)], schedules: [BackupSchedule.full(NEVER)] },
    },
  };
}

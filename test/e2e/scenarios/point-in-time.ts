import assert from 'node:assert/strict';
import { Size } from 'cdk8s';
import { Bootstrap, RecoveryTarget } from '../../../src';
import { Cluster, NAMES } from '../harness/cluster';
import { CLUSTER, INSTANCES, type Program } from '../harness/program';
import { archived, BACKUPS, backUp } from '../harness/repo';
import { S3Server } from '../harness/s3';
import type { Scenario } from '../harness/scenario';
import { eventually, now, yes } from '../harness/wait';

const VOLUMES = { walStorage: { size: Size.gibibytes(1) }, tablespaces: [{ name: 'cold', storage: { size: Size.gibibytes(1) } }] };
/** Each of the later ones holds only what has changed, one row at least. */
const KINDS = ['full', 'differential', 'incremental'] as const;
const ROWS = 40;
const KEPT = 25;
const BEFORE_MS = 20;

const TABLE = 'CREATE TABLE IF NOT EXISTS moments (id int PRIMARY KEY, at timestamptz NOT NULL) TABLESPACE cold';
/** Rows in their own transactions, each with the time of its writing, far enough apart to aim between two. */
const WRITE = `DO $$ BEGIN FOR i IN 1..${ROWS} LOOP INSERT INTO moments VALUES (i, clock_timestamp()); COMMIT; PERFORM pg_sleep(0.05); END LOOP; END $$`;

export const pointInTime: Scenario = {
  name: 'point-in-time',
  promise: 'a cluster with a WAL volume and a tablespace, backed up to S3 over TLS in three steps and then deleted, is restored in another namespace to a moment between two rows',
  begins: 'nothing',
  async run({ cluster, startClients, step }) {
    step('an S3 server, and a cluster that backs up to it');
    const s3 = await S3Server.start(cluster);
    const source = await Cluster.create(cluster.target, `${cluster.namespace}-source`, `${cluster.directory}/source`);
    const figures: Record<string, unknown> = {};
    let moment = '';
    try {
      await s3.giveAccess(source);
      const one = INSTANCES.slice(0, 1);
      await source.apply({ props: { ...VOLUMES, instanceList: one, backups: { repos: [s3.repo('/shop')], schedules: BACKUPS.schedules } } });
      await source.healthy(180_000, ['1']);
      const { database, password } = await source.access();
      await eventually('the tablespace', { withinMs: 60_000 }, async () => yes(await source.psql(source.pod('1'), TABLE, database) === ''));
      for (const [index, kind] of KINDS.entries()) {
        await source.psql(source.pod('1'), `INSERT INTO moments VALUES (${index - KINDS.length + 1}, now())`, database);
        await backUp(source, kind);
      }
      step(`${ROWS} rows after the last backup, and the log of them archived`);
      await source.psql(source.pod('1'), WRITE, database);
      // Right before the next row: by then the last one to keep has been committed, however long that took.
      const next = await source.psql(source.pod('1'), `SELECT extract(epoch FROM at) * 1000 FROM moments WHERE id = ${KEPT + 1}`, database);
      moment = new Date(Number(next) - BEFORE_MS).toISOString();
      await archived(source, source.pod('1'));
      step(`deleting the source; restoring to ${moment}`);
      await source.remove();
      await eventually('the source to be gone', { withinMs: 240_000, everyMs: 1_000 }, async () => yes((await cluster.kubectl.outcome(['get', 'namespace', source.namespace])).code !== 0));
      figures.sourcePassword = password;
    } finally {
      await source.remove();
    }

    await s3.giveAccess(cluster);
    const began = now();
    const program: Program = { props: { ...VOLUMES, bootstrap: Bootstrap.fromBackup({ repo: s3.repo('/shop'), stanza: CLUSTER, target: RecoveryTarget.time(moment) }) } };
    await cluster.apply(program);
    await cluster.healthy(240_000);
    const { password: before, ...rest } = { password: figures.sourcePassword, restoredWithinMs: Math.round(now() - began) };
    const { database, password } = await cluster.access();
    assert.notEqual(password, before, 'the password is the new cluster\'s own');
    const primary = await cluster.primary();
    assert.equal(await cluster.psql(primary, 'SELECT string_agg(id::text, \',\' ORDER BY id) FROM moments', database), Array.from({ length: KINDS.length + KEPT }, (_, i) => i - KINDS.length + 1).join(), 'all rows up to the moment, and none after it');
    assert.equal(await cluster.psql(primary, 'SELECT tablespace FROM pg_tables WHERE tablename = \'moments\'', database), 'cold');
    const settings = await cluster.psql(primary, "SELECT count(*) FROM pg_settings WHERE sourcefile LIKE '%auto.conf'");
    assert.equal(settings, '0', 'no setting of the recovery is left');
    step('writing to it, as the application');
    await startClients();
    const state = await cluster.kubectl.run(['get', 'configmap', NAMES.state, '-o', 'jsonpath={.data}']);
    assert.match(state, /\\?"highestTimeline\\?":2/, 'it went on on a timeline of its own');
    return rest;
  },
};

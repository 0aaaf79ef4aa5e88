import { Size } from 'cdk8s';
import { undisturbed } from './service';
import { losesItsVolume } from './volume-lost';
import { PGDATA } from '../../../src/contract';
import type { Cluster } from '../harness/cluster';
import type { Pod } from '../harness/pods';
import type { Program } from '../harness/program';
import { BACKUPS, Repo } from '../harness/repo';
import type { Scenario } from '../harness/scenario';
import { eventually, yes } from '../harness/wait';

const size = Size.gibibytes(1);
const PROGRAM: Program = { props: { walStorage: { size }, tablespaces: [{ name: 'cold', storage: { size } }], backups: BACKUPS } };

export const replicaFromRepo: Scenario = {
  name: 'replica-from-repo',
  promise: 'a replica that lost its volume is made from the last backup and the archived log, and without the repo from the primary',
  begins: PROGRAM,
  async run({ cluster, ledger, step }) {
    const repo = await Repo.of(cluster);
    await repo.backup('full');
    const primary = await cluster.primary();
    await cluster.psql(primary, 'CREATE TABLE since (id int) TABLESPACE cold', 'app');
    await cluster.psql(primary, 'INSERT INTO since SELECT generate_series(1, 1000)', 'app');
    await cluster.psql(primary, 'SELECT pg_switch_wal()');
    const [first, second] = await cluster.replicas();
    await ledger.mark();
    step(`instance ${first.instance} loses its volume`);
    await comesBack(cluster, first, 'pgbackrest restore');
    step(`instance ${second.instance} loses its volume, and there is no repo`);
    await repo.down();
    await comesBack(cluster, second, 'pg_basebackup');
    await undisturbed(ledger);
    await repo.up();
  },
};

async function comesBack(cluster: Cluster, pod: Pod, method: string): Promise<void> {
  const { instance } = pod;
  const since = new Date();
  await losesItsVolume(cluster, pod, PROGRAM);
  await eventually(`a copy of instance ${instance} by ${method}`, { withinMs: 120_000 }, () => (
    yes(cluster.logs.since(since).some(({ instance: by, fields }) => by === instance && fields.msg === 'cloned' && fields.method === method))));
  await cluster.healthy(120_000);
  await eventually('what was written since the backup', { withinMs: 30_000 }, async () => (
    yes(await cluster.psql(cluster.pod(instance), 'SELECT count(*) FROM since', 'app') === '1000')));
  const settings = await cluster.psql(cluster.pod(instance), `SELECT count(*) FROM pg_file_settings WHERE sourcefile = '${PGDATA}/postgresql.auto.conf'`);
  if (settings !== '0') throw new Error(`${settings} settings of the recovery are left on instance ${instance}`);
}

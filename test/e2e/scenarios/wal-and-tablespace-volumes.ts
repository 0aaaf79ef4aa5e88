import assert from 'node:assert/strict';
import { Size } from 'cdk8s';
import { containerOf, killProcess, postmasterOf } from './faults';
import { anotherLeads, undisturbed, writesResume } from './service';
import { PGDATA, tablespaceDir, WAL_DIR } from '../../../src/contract';
import { NAMES, type Cluster } from '../harness/cluster';
import { REPLACING } from '../harness/logs';
import type { Pod } from '../harness/pods';
import { INSTANCES, type Program } from '../harness/program';
import type { Scenario } from '../harness/scenario';
import { eventually, yes } from '../harness/wait';

const TABLESPACE = 'archive';
const volume = { size: Size.gibibytes(2) };
const PROGRAM: Program = { props: { walStorage: volume, tablespaces: [{ name: TABLESPACE, storage: volume }] } };
const ROWS_ALONE = 50;

export const walAndTablespaceVolumes: Scenario = {
  name: 'wal-and-tablespace-volumes',
  promise: 'with volumes of their own for the log and a tablespace, a cluster is made, a replica that lost them all is cloned, and a diverged primary is rewound',
  needsMachine: true,
  begins: PROGRAM,
  // What only a frozen primary had: made on purpose, so that there is something to rewind.
  mayLose: true,
  fences: true,
  judgesOverlaps: true,
  async run(trial) {
    const { cluster, machine, step } = trial;
    const { ledger } = trial;
    const first = await cluster.primary();
    await eventually('the tablespace', { withinMs: 60_000 }, async () => yes(await whereIs(cluster, first) === tablespaceDir(TABLESPACE)));
    assert.equal(await cluster.psql(first, `SELECT has_tablespace_privilege('app', '${TABLESPACE}', 'CREATE')`), 't');
    step('the ledger moves into the tablespace');
    await cluster.psql(first, `ALTER TABLE ledger SET TABLESPACE ${TABLESPACE}`, 'app');
    await same(cluster);

    const [replica] = await cluster.replicas();
    const claims = [NAMES.dataClaim(replica.instance), NAMES.walClaim(replica.instance), NAMES.tablespaceClaim(replica.instance, TABLESPACE)];
    step(`instance ${replica.instance} loses all its volumes`);
    await ledger.mark();
    await cluster.kubectl.run(['delete', 'pvc', ...claims, '--wait=false']);
    await cluster.kubectl.run(['delete', 'pod', replica.name]);
    await eventually('the claims to be gone', { withinMs: 120_000 }, async () => yes(await cluster.kubectl.run(['get', 'pvc', ...claims, '--ignore-not-found', '-o', 'name']) === ''));
    await cluster.apply(PROGRAM);
    await cluster.healthy(120_000);
    await same(cluster);
    await undisturbed(ledger);

    step(`SIGKILL to the postmaster of instance ${first.instance}`);
    await ledger.mark();
    killProcess(postmasterOf(machine, first));
    const killed = await writesResume(ledger, 60_000);
    await cluster.healthy(120_000);
    await same(cluster);
    assert.equal((await ledger.verify()).lost, 0, 'nothing acknowledged was lost so far');

    const primary = await cluster.primary();
    step(`instance ${primary.instance} writes what nobody gets, then freezes`);
    const since = new Date();
    await ledger.mark();
    for (const { pid } of machine.processes(primary.uid).filter(({ command }) => /walsender/.test(command))) process.kill(pid, 'SIGSTOP');
    const { acknowledged } = await ledger.report();
    await eventually('writes that nobody else gets', { withinMs: 30_000, everyMs: 100 }, async () => yes((await ledger.report()).acknowledged > acknowledged + ROWS_ALONE));
    const container = await containerOf(machine, cluster, primary);
    await machine.freeze(container);
    await anotherLeads(cluster, primary);
    const frozen = await writesResume(ledger, 60_000);
    await machine.thaw(container);
    await cluster.healthy(180_000);
    await eventually('its log', { withinMs: 60_000 }, () => yes(cluster.logs.decided(since, REPLACING).length > 0));
    assert.deepEqual([...new Set(cluster.logs.decided(since, REPLACING))], [`${primary.instance}: rewind`], 'it was rewound, not cloned, and nobody else');
    await same(cluster);
    return { outages: { killed, frozen } };
  },
};

function whereIs(cluster: Cluster, pod: Pod): Promise<string> {
  return cluster.psql(pod, `SELECT pg_tablespace_location(oid) FROM pg_tablespace WHERE spcname = '${TABLESPACE}'`);
}

/** Every instance has the same rows, in the tablespace on its own volume, and writes its log on its own volume. */
async function same(cluster: Cluster): Promise<void> {
  const primary = await cluster.primary();
  const [last, all] = (await cluster.psql(primary, 'SELECT max(id), count(*) || \'/\' || sum(id) FROM ledger', 'app')).split('|');
  for (const { name } of INSTANCES) {
    const pod = cluster.pod(name);
    await eventually(`instance ${name} to have the same rows`, { withinMs: 60_000 }, async () =>
      yes(await cluster.psql(pod, `SELECT count(*) || '/' || sum(id) FROM ledger WHERE id <= ${last}`, 'app') === all));
    const file = await cluster.psql(pod, 'SELECT pg_relation_filepath(\'ledger\')', 'app');
    const script = `readlink ${PGDATA}/pg_wal && readlink -f ${PGDATA}/${file} && ls ${WAL_DIR} | grep -c '^[0-9A-F]*$'`;
    const [wal, table, segments] = (await cluster.kubectl.run(['exec', pod.name, '--container=postgres', '--', 'sh', '-euc', script])).trim().split('\n');
    assert.equal(wal, WAL_DIR);
    assert.ok(table.startsWith(`${tablespaceDir(TABLESPACE)}/`), `the ledger of instance ${name} lies in ${table}`);
    assert.ok(Number(segments) > 0, `instance ${name} has no segment in ${WAL_DIR}`);
  }
}

import assert from 'node:assert/strict';
import { Size } from 'cdk8s';
import { hasWarningEvent, showsNoProblem, showsProblem } from './problems';
import { writesResume } from './service';
import { ConfigSource, PgBackRestRepo } from '../../../src';
import { PGBACKREST_CONFIG, PGDATA } from '../../../src/contract';
import type { Cluster } from '../harness/cluster';
import type { Pod } from '../harness/pods';
import { INSTANCES, type Program } from '../harness/program';
import type { Scenario } from '../harness/scenario';
import { eventually, yes } from '../harness/wait';

const PROGRAM: Program = {
  props: {
    configuration: [ConfigSource.configMap('tuning', { key: 'custom.conf' }), ConfigSource.secret('hidden', { key: 'more.conf' })],
    parameters: { maintenance_work_mem: '65MB' },
    backups: {
      repos: [PgBackRestRepo.posix({ storage: { size: Size.gibibytes(1) } })],
      configuration: [ConfigSource.configMap('tuning', { key: 'pgbackrest.conf' })],
    },
  },
};

export const userConfiguration: Scenario = {
  name: 'user-configuration',
  promise: 'files in ConfigMaps and Secrets count within seconds without a restart; wrong ones are told by file and line, and stop neither a server nor a failover nor a start',
  begins: PROGRAM,
  async run({ cluster, ledger, step }) {
    const pods = cluster.pods.all.map(({ uid }) => uid).sort();
    for (const { name } of INSTANCES) await showsProblem(cluster, name, /^Configuration: .*(ConfigMap tuning|Secret hidden) is not there/);

    step('the files, for a cluster that began without them');
    await write(cluster, 'work_mem = 7MB\nmaintenance_work_mem = 99MB\nmax_connections = 120', '[global]\nprocess-max=5');
    await cluster.kubectl.apply(JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'hidden' }, stringData: { 'more.conf': "work_mem = '9MB'\n" } }));
    await everywhere(cluster, 'work_mem', '9MB');
    await everywhere(cluster, 'maintenance_work_mem', '65MB');
    await packs(cluster, 'process-max=5');
    for (const { name } of INSTANCES) {
      await showsNoProblem(cluster, name, /^Configuration|^BackupSettings/);
      await showsProblem(cluster, name, /^RestartPending: max_connections has changed/);
    }
    assert.deepEqual(cluster.pods.all.map(({ uid }) => uid).sort(), pods, 'no pod is another one');

    step('files that PostgreSQL, the agent and pgBackRest refuse');
    await write(cluster, 'work_mem = 8MB\nport = 5433\nwal_compression = maybe', '[global]\nprocess-max=6\nrepo1-path=/tmp');
    for (const { name } of INSTANCES) await showsProblem(cluster, name, /^Configuration: .*line 2 of key custom.conf of ConfigMap tuning: port is not yours to set/);
    await write(cluster, 'work_mem = 8MB\n\nwal_compression = maybe', '[global]\nprocess-max=6\nrepo1-path=/tmp');
    for (const { name } of INSTANCES) {
      await showsProblem(cluster, name, /^Configuration: .*line 3 of key custom.conf of ConfigMap tuning: invalid value for parameter "wal_compression": "maybe"/);
      await showsProblem(cluster, name, /^BackupSettings: .*line 3 of key pgbackrest.conf of ConfigMap tuning sets repo1-path/);
    }
    await hasWarningEvent(cluster, INSTANCES[0].name, /^Configuration: .*line 3/);

    step('the primary crashes meanwhile');
    const first = await cluster.primary();
    await ledger.mark();
    await crash(cluster, first);
    const outage = await writesResume(ledger, 60_000);
    await cluster.healthy(120_000);
    await everywhere(cluster, 'work_mem', '9MB');
    await packs(cluster, 'process-max=5');
    assert.equal(await cluster.psql(cluster.pod(first.instance), 'SHOW max_connections'), '120', 'what waited for a restart counts after one');

    step('settings that are right one by one, and with which PostgreSQL does not start');
    await write(cluster, 'reserved_connections = 500', '[global]\n');
    for (const { name } of INSTANCES) await showsProblem(cluster, name, /^RestartPending: .*reserved_connections/);
    const [replica] = await cluster.replicas();
    await crash(cluster, replica);
    await showsProblem(cluster, replica.instance, /^Configuration: .*does not start with the newest ones: .*reserved_connections/);
    await cluster.healthy(120_000);

    step('and put right');
    await write(cluster, '# nothing\n', '# nothing\n');
    await everywhere(cluster, 'reserved_connections', '0');
    for (const { name } of INSTANCES) await showsNoProblem(cluster, name, /^Configuration|^BackupSettings/);
    return { outages: { crashed: outage } };
  },
};

async function write(cluster: Cluster, postgres: string, pgBackRest: string): Promise<void> {
  await cluster.kubectl.apply(JSON.stringify({
    apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'tuning' }, data: { 'custom.conf': postgres, 'pgbackrest.conf': pgBackRest },
  }));
}

async function everywhere(cluster: Cluster, setting: string, value: string): Promise<void> {
  for (const { name } of INSTANCES) {
    await eventually(`${setting} to be ${value} on instance ${name}`, { withinMs: 60_000 }, async () => yes(await cluster.psql(cluster.pod(name), `SHOW ${setting}`) === value));
  }
}

/** On an instance and on the repo host. */
async function packs(cluster: Cluster, option: string): Promise<void> {
  for (const [pod, container] of [[cluster.pod(INSTANCES[0].name).name, 'postgres'], ['orders-repo-0', 'repo']]) {
    await eventually(`${option} in pgbackrest.conf of ${pod}`, { withinMs: 60_000 }, async () =>
      yes((await cluster.kubectl.run(['exec', pod, `--container=${container}`, '--', 'cat', PGBACKREST_CONFIG])).includes(`\n${option}\n`)));
  }
}

async function crash(cluster: Cluster, pod: Pod): Promise<void> {
  await cluster.kubectl.run(['exec', pod.name, '--container=postgres', '--', 'sh', '-c', `kill -9 $(head -1 ${PGDATA}/postmaster.pid)`]);
}

import assert from 'node:assert/strict';
import { Duration } from 'cdk8s';
import { undisturbed } from './service';
import { API_PORT, CERTIFICATES_DIR, PGBACKREST_PORT, SYSTEM_ROLES } from '../../../src/contract';
import { readCertificate, serialOf, shownByPostgres, shownSerial } from '../harness/certificates';
import { NAMES, type Cluster } from '../harness/cluster';
import { exporterLogsIn, serialsOf } from '../harness/exporter';
import type { Pod } from '../harness/pods';
import { Pooler } from '../harness/pooler';
import { USER } from '../harness/program';
import { archived, Repo, WITH_BACKUPS } from '../harness/repo';
import type { Scenario } from '../harness/scenario';
import { eventually, yes } from '../harness/wait';

/** Each is good for minutes, and a new one is made half a minute after the last: whoever goes on with an old one is found, and nobody hurries. */
const PROPS = {
  ...WITH_BACKUPS.props,
  certificates: { duration: Duration.minutes(10), renewBefore: Duration.seconds(570) },
  metrics: {},
  pooler: { instances: 1 },
};

const SECRETS = {
  server: NAMES.serverSecret,
  replication: NAMES.replicationSecret,
  rewind: NAMES.rewindSecret,
  agent: NAMES.agentSecret,
  monitoring: NAMES.monitoringSecret,
  pgBackRest: NAMES.pgBackRestSecret,
  request: NAMES.backupSecret,
  pooler: NAMES.pooler,
};
type Serials = Readonly<Record<keyof typeof SECRETS, string>>;

const WITHIN = { withinMs: 120_000, everyMs: 1_000 };

async function serials(cluster: Cluster): Promise<Serials> {
  const read = await Promise.all(Object.entries(SECRETS).map(async ([name, secret]) => [name, serialOf((await readCertificate(cluster, secret))!.certificate)]));
  return Object.fromEntries(read) as Serials;
}

/** By which certificate the role of pg_rewind gets in, from one instance to another. */
async function rewindLogsIn(cluster: Cluster, from: Pod, to: Pod): Promise<string> {
  const file = (name: string) => `${CERTIFICATES_DIR}/${name}`;
  const conninfo = [
    `host=${to.name}.${NAMES.instancesService}`, `user=${SYSTEM_ROLES.rewind}`, 'dbname=postgres', 'sslmode=verify-full',
    `sslrootcert=${file('server-ca.crt')}`, `sslcert=${file('rewind.crt')}`, `sslkey=${file('rewind.key')}`,
  ].join(' ');
  const query = 'SELECT client_serial FROM pg_stat_ssl WHERE pid = pg_backend_pid()';
  return (await cluster.kubectl.run(['exec', from.name, '--container=postgres', '--', 'psql', '-XAtq', conninfo, '-c', query])).trim();
}

export const certificatesRenewed: Scenario = {
  name: 'certificates-renewed',
  promise: 'all certificates of a cluster are renewed before they end, and everybody goes on with the new ones: no restart, no broken connection',
  begins: { props: PROPS },
  needsMachine: true,
  async run({ cluster, ledger, step }) {
    const pooler = new Pooler(cluster, PROPS.pooler);
    try {
      const repo = await Repo.of(cluster);
      const [poolerPod] = await pooler.ready();
      await ledger.mark();
      const before = await serials(cluster);
      const began = performance.now();
      const isNew = (name: keyof Serials, found: string | readonly string[]) => found.length > 0 && !found.includes(before[name]);

      step('waiting for every certificate to be renewed');
      await eventually('every certificate to be another', WITHIN, async () => {
        const now = await serials(cluster);
        return yes(Object.entries(now).every(([name, serial]) => isNew(name as keyof Serials, [serial])));
      });
      const renewedMs = Math.round(performance.now() - began);

      step('every server shows a new one');
      const repoIp = await cluster.kubectl.run(['get', 'pod', `${NAMES.repoHost}-0`, '-o', 'jsonpath={.status.podIP}']);
      const shown = [
        ...cluster.pods.all.flatMap(({ name, ip }) => [
          { what: `PostgreSQL of ${name}`, leaf: 'server', ask: () => shownByPostgres(ip!) },
          { what: `the agent of ${name}`, leaf: 'server', ask: () => shownSerial(ip!, API_PORT) },
          { what: `pgBackRest of ${name}`, leaf: 'pgBackRest', ask: () => shownSerial(ip!, PGBACKREST_PORT) },
        ] as const),
        { what: 'pgBackRest of the repo host', leaf: 'pgBackRest', ask: () => shownSerial(repoIp, PGBACKREST_PORT) },
        { what: 'the agent of the repo host', leaf: 'pgBackRest', ask: () => shownSerial(repoIp, API_PORT) },
        { what: 'the pooler', leaf: 'pooler', ask: () => shownByPostgres(poolerPod.ip!) },
      ] as const;
      for (const { what, leaf, ask } of shown) await eventually(`${what} to show a new certificate`, WITHIN, async () => yes(isNew(leaf, [await ask()])));

      step('every client logs in by a new one');
      const primary = await cluster.primary();
      const [replica, other] = await cluster.replicas();
      await eventually('replication by new certificates', WITHIN, async () => {
        await cluster.psql(primary, 'SELECT pg_terminate_backend(pid) FROM pg_stat_replication');
        return yes(await eventually('both replicas to be back', { withinMs: 10_000, everyMs: 250 }, async () => {
          const found = await serialsOf(cluster, primary, SYSTEM_ROLES.replication);
          return found.length === 2 ? found : null;
        }).then((found) => isNew('replication', found), () => false));
      });
      for (const from of [replica, other]) await eventually(`the role of pg_rewind to get in from ${from.name}`, WITHIN, async () => yes(isNew('rewind', await rewindLogsIn(cluster, from, primary))));
      for (const pod of cluster.pods.all) await eventually(`the exporter of ${pod.name} to log in`, WITHIN, async () => yes(isNew('monitoring', await exporterLogsIn(cluster, pod))));
      const { password } = await cluster.access();
      await eventually('the pooler to log in', WITHIN, async () => {
        assert.equal(await pooler.login(USER, password), USER);
        return yes(isNew('pooler', await serialsOf(cluster, primary, SYSTEM_ROLES.pooler)));
      });
      await archived(cluster, primary);
      await repo.pgBackRest('check');
      await cluster.healthy(120_000);
      for (const pod of cluster.pods.all) {
        await eventually(`${pod.name} to reach the other agents, and to have no problem`, WITHIN, async () => {
          const { peers, problems } = await cluster.status(pod);
          return yes(peers.length === 2 && peers.every(({ reached }) => reached) && problems.length === 0);
        });
        assert.equal(pod.restarts, 0);
      }
      assert.equal(pooler.pods.all[0].restarts, 0);
      return { renewedMs, longestSilenceMs: await undisturbed(ledger) };
    } finally {
      pooler.close();
    }
  },
};

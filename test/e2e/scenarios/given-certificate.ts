import assert from 'node:assert/strict';
import { hasWarningEvent, showsNoProblem, showsProblem } from './problems';
import { anotherLeads, undisturbed } from './service';
import { HbaMethod } from '../../../src';
import { CERTIFICATE_KEYS } from '../../../src/contract';
import { issue, newAuthority, shownByPostgres, type KeyPair } from '../harness/certificates';
import { NAMES, type Cluster } from '../harness/cluster';
import { exporterLogsIn } from '../harness/exporter';
import { Pooler } from '../harness/pooler';
import { INSTANCES, USER } from '../harness/program';
import type { Scenario } from '../harness/scenario';
import { eventually, yes } from '../harness/wait';

const SECRET = 'orders-tls';
const POOLER_SECRET = 'orders-pooler-tls';
const PROPS = { certificates: { serverTlsSecret: SECRET }, metrics: {}, pooler: { instances: 1, serverTlsSecret: POOLER_SECRET } };
const TAKEN_WITHIN = { withinMs: 120_000, everyMs: 500 };

/** What cert-manager writes when it has issued. */
async function put(cluster: Cluster, secret: string, { certificate, key }: KeyPair, authorities: string): Promise<void> {
  await cluster.kubectl.apply(JSON.stringify({
    apiVersion: 'v1', kind: 'Secret', metadata: { name: secret }, type: 'kubernetes.io/tls',
    data: Object.fromEntries(Object.entries({
      [CERTIFICATE_KEYS.certificate]: certificate, [CERTIFICATE_KEYS.key]: key, [CERTIFICATE_KEYS.authority]: authorities,
    }).map(([name, text]) => [name, Buffer.from(text).toString('base64')])),
  }));
}

async function allShow(cluster: Cluster, serial: string): Promise<void> {
  for (const { name } of INSTANCES) {
    await eventually(`instance ${name} to show certificate ${serial}`, TAKEN_WITHIN, async () => yes(await shownByPostgres(cluster.pod(name).ip!) === serial));
  }
}

async function poolerShows(pooler: Pooler, serial: string): Promise<void> {
  await eventually(`the pooler to show certificate ${serial}`, TAKEN_WITHIN, async () => yes(await shownByPostgres(pooler.pods.all[0].ip!) === serial));
}

/** A client that stays connected to the pooler, from a pod of the cluster; what psql says when it is told to end. */
function sessionThrough(cluster: Cluster, pod: string, password: string): { readonly end: () => Promise<string> } {
  const url = `host=${NAMES.poolerService} user=${USER} dbname=app sslmode=require connect_timeout=10`;
  const over = cluster.kubectl.outcome([
    'exec', pod, '--container=postgres', '--', 'env', `PGPASSWORD=${password}`, 'sh', '-c',
    `(echo 'SELECT 1;'; while test ! -e /tmp/session-over; do sleep 0.2; done; echo 'SELECT current_user;') | psql -XAtq "${url}"`,
  ], { timeoutMs: 300_000 });
  return {
    end: async () => {
      await cluster.kubectl.run(['exec', pod, '--container=postgres', '--', 'touch', '/tmp/session-over']);
      const { stdout, stderr } = await over;
      return (stdout + stderr).trim();
    },
  };
}

export const givenCertificate: Scenario = {
  name: 'given-certificate',
  promise: 'a certificate from a Secret is shown to clients and renewed without a restart, by PostgreSQL and by the pooler; a broken one is told and not taken, and failover, pooler and exporter go on under it; rules of pg_hba.conf keep out whom they name',
  begins: 'nothing',
  needsMachine: true,
  async run(trial) {
    const { cluster, startClients, step } = trial;
    const pooler = new Pooler(cluster, PROPS.pooler);
    const [company, successor] = [newAuthority('company'), newAuthority('company-2')];
    // As it is while one follows the other.
    const authorities = company.certificate + successor.certificate;
    const name = `${NAMES.readWriteService}.${cluster.namespace}.svc`;
    // Only the name that clients use: none of the pods', nor localhost.
    const certificate = (serial: string, { by = company, names = [name] } = {}) => issue(by, { commonName: 'orders', serial, names });
    const ofPooler = (serial: string, by = company) => certificate(serial, { by, names: [`${NAMES.poolerService}.${cluster.namespace}.svc`] });
    const first = certificate('1001');
    try {
      await put(cluster, SECRET, first, authorities);
      await put(cluster, POOLER_SECRET, ofPooler('3001'), authorities);
      await cluster.apply({ props: PROPS });
      await cluster.healthy(180_000);
      await allShow(cluster, '1001');
      await startClients();
      const { ledger } = trial;
      await eventually('the connection Secret to name the cluster\'s own authority and those that are given', TAKEN_WITHIN, async () => (
        yes((await cluster.access()).authority.match(/BEGIN CERTIFICATE/g)?.length === 3)));
      const { password } = await cluster.access();
      // As an application verifies it: by its connection Secret, and by the name there.
      const login = async (database = 'app') => pooler.login(USER, password, {
        database, host: `${NAMES.poolerService}.${cluster.namespace}.svc`, authority: (await cluster.access()).authority,
      });
      const [poolerPod] = await pooler.ready();
      await poolerShows(pooler, '3001');

      step('a certificate with another name, and one with another\'s key');
      await ledger.mark();
      // PostgreSQL's is none for the pooler.
      await put(cluster, POOLER_SECRET, first, authorities);
      await put(cluster, SECRET, certificate('1002', { names: ['billing.example.com'] }), authorities);
      await showsProblem(cluster, INSTANCES[0].name, new RegExp(`^CredentialsProblem: .*${SECRET}.* does not carry the name ${name}.* the last good one is shown`));
      await put(cluster, SECRET, { ...certificate('1003'), key: first.key }, authorities);
      for (const instance of INSTANCES) await showsProblem(cluster, instance.name, /the private key does not belong to the certificate/);
      await hasWarningEvent(cluster, INSTANCES[0].name, /^CredentialsProblem: .*the private key does not belong/);
      await allShow(cluster, '1001');
      await pooler.complains(new RegExp(`^CredentialsProblem: .*${POOLER_SECRET}.* does not carry the name ${NAMES.poolerService}.* the last good one is shown`));
      await poolerShows(pooler, '3001');
      const brokenMs = await undisturbed(ledger);

      const primary = await cluster.primary();
      step(`kubectl delete pod ${primary.name}: a switchover, and a start with the last good one`);
      await cluster.kubectl.run(['delete', 'pod', primary.name, '--wait=false']);
      await anotherLeads(cluster, primary);
      await cluster.healthy(120_000);
      await allShow(cluster, '1001');

      step('a good one, by the other authority');
      await ledger.mark();
      const session = sessionThrough(cluster, (await cluster.primary()).name, password);
      await eventually('the session through the pooler', TAKEN_WITHIN, async () => (
        yes((await pooler.console(poolerPod, 'SHOW CLIENTS')).split('\n').some((line) => line.split('|')[1] === USER))));
      await put(cluster, SECRET, certificate('2001', { by: successor }), authorities);
      await put(cluster, POOLER_SECRET, ofPooler('4001', successor), authorities);
      await allShow(cluster, '2001');
      await poolerShows(pooler, '4001');
      assert.equal(await session.end(), `1\n${USER}`, 'who was connected through the pooler stays so');
      await eventually('the pooler to have no problem', TAKEN_WITHIN, async () => yes((await pooler.status(poolerPod)).problems.length === 0));
      for (const { name: instance } of INSTANCES) await showsNoProblem(cluster, instance, /^CredentialsProblem/);
      const renewedMs = await undisturbed(ledger);

      step('replication, pooler and exporter under it');
      await cluster.psql(await cluster.primary(), 'SELECT pg_terminate_backend(pid) FROM pg_stat_replication');
      await cluster.healthy(120_000);
      await eventually('a login through the pooler', TAKEN_WITHIN, async () => yes(await login() === USER));
      for (const pod of cluster.pods.all) {
        await eventually(`the exporter of ${pod.name} to log in`, TAKEN_WITHIN, async () => yes((await exporterLogsIn(cluster, pod)).length > 0));
        assert.equal(pod.restarts, 0);
      }

      step('a rule of pg_hba.conf');
      const inPostgres = () => login('postgres');
      assert.equal(await inPostgres(), USER);
      await ledger.mark();
      const program = { props: { ...PROPS, hba: [{ users: [USER], databases: ['postgres'], method: HbaMethod.REJECT }] } };
      await cluster.apply(program);
      await eventually('the rule to be in force', TAKEN_WITHIN, async () => {
        await cluster.psql(await cluster.primary(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'postgres' AND usename = '${USER}'`);
        return yes(/pg_hba.conf rejects/.test(await inPostgres()));
      });
      assert.equal(await login(), USER);
      await undisturbed(ledger);
      assert.equal(await cluster.diff(program), '', 'kubectl diff shows nothing');
      return { brokenMs, renewedMs };
    } finally {
      pooler.close();
    }
  },
};

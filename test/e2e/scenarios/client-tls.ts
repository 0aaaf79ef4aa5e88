import assert from 'node:assert/strict';
import { ApiObject, JsonPatch, type Chart } from 'cdk8s';
import { Deployment, EnvValue, ImagePullPolicy, Volume } from 'cdk8s-plus-28';
import { ClientTls, type PostgresCluster } from '../../../src';
import { CERTIFICATE_KEYS, CONNECTION_KEYS, POOLER_CONNECTION_KEYS, SYSTEM_ROLES } from '../../../src/contract';
import { NAMES, type Cluster } from '../harness/cluster';
import { Pooler } from '../harness/pooler';
import { USER, type Program } from '../harness/program';
import type { Scenario } from '../harness/scenario';
import { eventually, yes } from '../harness/wait';

const POOLER = { instances: 1 };
const TAKEN_WITHIN = { withinMs: 90_000, everyMs: 500 };
const CONTAINER = '/spec/template/spec/containers/0/securityContext';
/** What the namespace's Pod Security level asks for and cdk8s-plus leaves out. */
const RESTRICTED = [JsonPatch.add(`${CONTAINER}/capabilities`, { drop: ['ALL'] }), JsonPatch.add(`${CONTAINER}/seccompProfile`, { type: 'RuntimeDefault' })];
const OS_USER = 26;

/** An application as the README has it: the connection by its environment, the certificate by a volume. */
function application(image: string): (chart: Chart, cluster: PostgresCluster) => void {
  return (chart, orders) => {
    const connection = Volume.fromSecret(chart, 'connection', orders.connectionSecret(USER), { defaultMode: 0o440 });
    const file = (key: string) => EnvValue.fromValue(`/connection/${key}`);
    const app = new Deployment(chart, 'app', { replicas: 1, metadata: { name: 'app' }, securityContext: { ensureNonRoot: true, user: OS_USER, fsGroup: OS_USER } });
    app.addContainer({
      image,
      imagePullPolicy: ImagePullPolicy.IF_NOT_PRESENT,
      command: ['sleep', 'infinity'],
      envVariables: {
        ...orders.envFor(USER),
        POOLER_URL: orders.pooler!.envFor(USER).DATABASE_URL,
        PGSSLCERT: file(CERTIFICATE_KEYS.certificate),
        PGSSLKEY: file(CERTIFICATE_KEYS.key),
        PGSSLROOTCERT: file(CERTIFICATE_KEYS.authority),
        PGCONNECT_TIMEOUT: EnvValue.fromValue('10'),
      },
      volumeMounts: [{ path: '/connection', volume: connection }],
      securityContext: { ensureNonRoot: true, readOnlyRootFilesystem: true, user: OS_USER, group: OS_USER },
      resources: {},
    });
    ApiObject.of(app).addJsonPatch(...RESTRICTED);
  };
}

/** By what the server sees its client come: with TLS or without, and the name in the certificate that was shown. */
const SEEN = 'SELECT current_user, ssl, client_dn FROM pg_stat_ssl WHERE pid = pg_backend_pid()';
const WITHOUT_CERTIFICATE = 'env --unset=PGSSLCERT --unset=PGSSLKEY';

/** Where the connection Secret sends applications, directly and through the pooler. */
async function urls(cluster: Cluster): Promise<readonly [string, string]> {
  const { data } = await cluster.kubectl.json<{ data: Record<string, string> }>('get', 'secret', NAMES.userSecret(USER));
  return [CONNECTION_KEYS.uri, POOLER_CONNECTION_KEYS.uri].map((key) => Buffer.from(data[key]!, 'base64').toString()) as [string, string];
}

/** What psql says in the application's pod. */
async function psql(cluster: Cluster, url: string, before = ''): Promise<string> {
  const { stdout, stderr } = await cluster.kubectl.outcome(['exec', 'deployment/app', '--', 'sh', '-c', `${before} psql -XAtq "${url}" -c "${SEEN}"`]);
  return (stdout + stderr).trim();
}

/** Logins and what comes of them, all at once: asked one by one they take most of the time. */
async function allSay(cluster: Cluster, logins: readonly (readonly [url: string, wanted: RegExp | string, before?: string])[]): Promise<void> {
  const said = await Promise.all(logins.map(([url, , before]) => psql(cluster, url, before)));
  logins.forEach(([url, wanted], i) => (typeof wanted === 'string' ? assert.equal(said[i], wanted, url) : assert.match(said[i]!, wanted, url)));
}

export const clientTls: Scenario = {
  name: 'client-tls',
  promise: 'where clients must show a certificate, who has none is let in neither by PostgreSQL nor by the pooler, and the connection Secret brings one; where they may or must come without TLS they do so, without a restart',
  begins: 'nothing',
  async run({ cluster, startClients, step }) {
    const program = (tls: ClientTls): Program => ({ props: { tls, pooler: POOLER }, also: application(cluster.target.images.postgres) });
    const pooler = new Pooler(cluster, POOLER);
    try {
      await cluster.apply(program(ClientTls.VERIFY));
      await cluster.healthy(180_000);
      const [poolerPod] = await pooler.ready();
      await cluster.kubectl.run(['rollout', 'status', 'deployment/app', '--timeout=60s'], { timeoutMs: 70_000 });
      const pods = (): string[] => cluster.pods.all.map(({ uid }) => uid).sort();
      const before = pods();

      step('with the certificate of the connection Secret');
      for (const [url, name] of [['$DATABASE_URL', USER], ['$DATABASE_MULTI_HOST_URL', USER], ['$POOLER_URL', SYSTEM_ROLES.pooler]] as const) {
        // The nodes' proxies follow in their own time.
        await eventually(`a login by ${url}`, TAKEN_WITHIN, async () => yes(await psql(cluster, url) === `${USER}|t|/CN=${name}`));
      }

      step('without a certificate, without a password, without TLS');
      const { password } = await cluster.access();
      const [direct, through] = [`host=${NAMES.readWriteService}`, `host=${NAMES.poolerService}`];
      assert.match(await pooler.login(USER, password), /certificate required|closed the connection|SSL/i, 'the password alone is not enough');
      await allSay(cluster, [
        ['$DATABASE_URL', /requires a valid client certificate/, WITHOUT_CERTIFICATE],
        ['$POOLER_URL', /certificate required|closed the connection|SSL/i, WITHOUT_CERTIFICATE],
        [`${direct} password=wrong`, /authentication failed/],
        [`${through} password=wrong`, /authentication failed/],
        [`${direct} sslmode=disable`, /no pg_hba.conf entry/],
        [`${through} sslmode=disable`, /SSL required/],
      ]);

      step('the same cluster, where clients must come without TLS');
      await cluster.apply(program(ClientTls.DISABLE));
      await eventually('PostgreSQL to let in without TLS', TAKEN_WITHIN, async () => yes(await psql(cluster, `${direct} sslmode=disable`) === `${USER}|f|`));
      // Behind the pooler there is TLS all the same.
      const throughPooler = `${USER}|t|/CN=${SYSTEM_ROLES.pooler}`;
      await eventually('the pooler to let in without TLS', TAKEN_WITHIN, async () => yes(await psql(cluster, `${through} sslmode=disable`) === throughPooler));
      await eventually('the connection Secret to say so', TAKEN_WITHIN, async () => yes((await urls(cluster)).every((url) => url.endsWith('sslmode=disable'))));
      const [url, poolerUrl] = await urls(cluster);
      await allSay(cluster, [
        [url, `${USER}|f|`],
        [poolerUrl, throughPooler],
        // Replicas and pooler need it.
        [`${direct} sslmode=require`, `${USER}|t|/CN=${USER}`],
        [`${through} sslmode=require`, /does not support SSL/],
        [`${direct} sslmode=disable password=wrong`, /authentication failed/],
        [`${through} sslmode=disable password=wrong`, /authentication failed/],
      ]);
      const streams = 'SELECT count(*), bool_and(ssl) FROM pg_stat_replication JOIN pg_stat_ssl USING (pid)';
      assert.equal(await cluster.psql(await cluster.primary(), streams), '2|t', 'replication uses TLS');

      step('the same cluster, where clients may come with TLS or without');
      const allowing = program(ClientTls.ALLOW);
      await cluster.apply(allowing);
      await eventually('the pooler to let in with TLS', TAKEN_WITHIN, async () => yes(await psql(cluster, '$POOLER_URL', WITHOUT_CERTIFICATE) === throughPooler));
      await allSay(cluster, [
        ['$DATABASE_URL', `${USER}|t|/CN=${USER}`],
        [`${direct} sslmode=disable`, `${USER}|f|`],
        [`${through} sslmode=disable`, throughPooler],
      ]);

      assert.deepEqual(pods(), before, 'no pod is another');
      assert.deepEqual([...cluster.pods.all, ...pooler.pods.all].filter(({ restarts }) => restarts > 0), []);
      assert.equal(pooler.pods.all[0].uid, poolerPod.uid);
      assert.deepEqual((await pooler.status(poolerPod)).problems, []);
      assert.equal(await cluster.diff(allowing), '', 'kubectl diff shows nothing');
      await startClients();
    } finally {
      pooler.close();
    }
  },
};

import assert from 'node:assert/strict';
import { PoolMode } from '../../../src';
import { CONNECTION_KEYS, POOLER_CONNECTION_KEYS } from '../../../src/contract';
import { NAMES } from '../harness/cluster';
import { Pooler } from '../harness/pooler';
import { objectsOf, USER } from '../harness/program';
import type { Scenario } from '../harness/scenario';
import { eventually, yes } from '../harness/wait';

export const poolerWaits: Scenario = {
  name: 'pooler-waits',
  promise: 'a pooler that is there before its Secret, or before the cluster, says what it waits for, then serves; whom it lets in, PostgreSQL says',
  begins: 'nothing',
  async run({ cluster, startClients, step }) {
    const pooler = new Pooler(cluster, { mode: PoolMode.TRANSACTION, instances: 1 });
    const apply = async (which: (kind: string) => boolean): Promise<void> => {
      const items = objectsOf(cluster.target, pooler.program).filter(({ kind }) => which(kind));
      await cluster.kubectl.apply(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    };
    try {
      step('applying the program without its Secrets and instances');
      await apply((kind) => kind !== 'Secret' && kind !== 'StatefulSet');
      const [missing] = await pooler.complains(/^CertificateMissing: Secret orders-pooler cannot be read .*apply the synthesized manifests again/);
      assert.equal(pooler.pods.all[0].ready, false);
      step('applying the Secrets, which nobody fills yet');
      await apply((kind) => kind === 'Secret');
      const [empty] = await pooler.complains(/^CertificateMissing: Secret orders-pooler is not filled yet/);
      step('applying the whole program');
      await cluster.apply(pooler.program);
      await cluster.healthy(180_000);
      const [pod] = await pooler.ready();
      assert.equal(pod.restarts, 0, 'it has waited in one piece');
      assert.deepEqual((await pooler.status(pod)).problems, []);

      step('who is let in');
      const { password } = await cluster.access();
      assert.equal(await pooler.login(USER, password), USER);
      assert.match(await pooler.login(USER, 'wrong'), /authentication failed/);
      assert.match(await pooler.login('nobody', password), /no such user|authentication failed/);
      assert.match(await pooler.login('postgres', password, { database: 'postgres' }), /no such user|authentication failed/, 'no superuser');
      assert.match(await pooler.login('cdk8s_pooler', password, { database: 'postgres' }), /no such user|authentication failed/, 'not its own role');
      assert.match(await pooler.login(USER, password, { database: 'pgbouncer', query: 'SHOW CLIENTS' }), /not allowed/, 'nobody has the console');
      assert.match(await pooler.login(USER, password, { tls: 'disable' }), /SSL required/, 'nothing in plaintext');
      const refused = await pooler.login(USER, password, { query: 'SELECT * FROM pg_authid' });
      assert.match(refused, /permission denied/);
      assert.match(await pooler.login(USER, password, { database: 'postgres', query: 'SELECT * FROM cdk8s_pooler.user_lookup(\'app\')' }), /permission denied/, 'the lookup is the pooler\'s alone');

      step('a password that a person changes in the Secret is the new one at the pooler, too');
      const changed = 'changed-by-a-person';
      await cluster.kubectl.run(['patch', 'secret', NAMES.userSecret(USER), '--type=merge', '-p', JSON.stringify({ stringData: { [CONNECTION_KEYS.password]: changed } })]);
      await eventually('the new password to be taken', { withinMs: 60_000, everyMs: 1_000 }, async () => yes(await pooler.login(USER, changed) === USER));
      assert.match(await pooler.login(USER, password), /authentication failed/);

      step('the connection Secret leads through the pooler, too');
      const { data } = await cluster.kubectl.json<{ data: Record<string, string> }>('get', 'secret', NAMES.userSecret(USER));
      const url = Buffer.from(data[POOLER_CONNECTION_KEYS.uri], 'base64').toString();
      assert.equal(await cluster.kubectl.run(['exec', (await cluster.primary()).name, '--container=postgres', '--', 'psql', '-XAtq', url, '-c', 'SELECT 1']), '1\n');
      assert.equal(await cluster.diff(pooler.program), '', 'kubectl diff shows nothing');
      await startClients(NAMES.poolerService);
      return { said: [missing, empty] };
    } finally {
      pooler.close();
    }
  },
};

import assert from 'node:assert/strict';
import { ApiObject, JsonPatch } from 'cdk8s';
import { Deployment, ImagePullPolicy } from 'cdk8s-plus-28';
import { USER } from '../harness/program';
import type { Scenario } from '../harness/scenario';

const CONTAINER = '/spec/template/spec/containers/0/securityContext';
/** What the namespace's Pod Security level asks for and cdk8s-plus leaves out. */
const RESTRICTED = [
  JsonPatch.add(`${CONTAINER}/capabilities`, { drop: ['ALL'] }),
  JsonPatch.add(`${CONTAINER}/seccompProfile`, { type: 'RuntimeDefault' }),
];

/** Says what it was started with, then does its work; it ends with an error when anything of the connection is missing. */
const APP = `set -eu
for name in PGHOST PGPORT PGDATABASE PGUSER PGPASSWORD DATABASE_URL DATABASE_MULTI_HOST_URL JDBC_DATABASE_URL; do
  eval "test -n \\"\\$$name\\""
done
export PGSSLMODE=require PGCONNECT_TIMEOUT=2
until psql -c 'CREATE TABLE IF NOT EXISTS app_was_here (); ' && psql "$DATABASE_MULTI_HOST_URL" -c 'SELECT 1'; do sleep 1; done
touch /tmp/served
exec sleep infinity`;

export const appWithCluster: Scenario = {
  name: 'app-with-cluster',
  promise: 'an app that is applied together with its cluster starts once, with its full connection, and works',
  begins: 'nothing',
  async run({ cluster, startClients, step }) {
    step('applying app and cluster together');
    await cluster.apply({
      also: (chart, orders) => {
        const app = new Deployment(chart, 'app', {
          replicas: 1,
          metadata: { name: 'app' },
          securityContext: { ensureNonRoot: true, user: 26 },
        });
        app.addContainer({
          image: cluster.target.images.postgres,
          imagePullPolicy: ImagePullPolicy.IF_NOT_PRESENT,
          command: ['sh', '-c', APP],
          envVariables: orders.envFor(USER),
          securityContext: { ensureNonRoot: true, readOnlyRootFilesystem: false, user: 26, group: 26 },
          resources: {},
        });
        ApiObject.of(app).addJsonPatch(...RESTRICTED);
      },
    });
    await cluster.healthy(180_000);
    await cluster.kubectl.run(['rollout', 'status', 'deployment/app', '--timeout=120s'], { timeoutMs: 130_000 });
    await cluster.kubectl.run(['exec', 'deployment/app', '--', 'sh', '-c', 'until test -e /tmp/served; do sleep 0.2; done'], { timeoutMs: 120_000 });
    const restarts = await cluster.kubectl.run(['get', 'pods', '-l', 'cdk8s.io/metadata.addr', '-o', 'jsonpath={.items[*].status.containerStatuses[*].restartCount}']);
    assert.equal(restarts.trim(), '0', 'the app was started once');
    await startClients();
  },
};

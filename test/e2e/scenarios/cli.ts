import assert from 'node:assert/strict';
import { showsNoProblem } from './problems';
import { Cli } from '../harness/cli';
import { NAMES } from '../harness/cluster';
import { kubeconfigOf } from '../harness/person';
import { CLUSTER, INSTANCES } from '../harness/program';
import type { Scenario } from '../harness/scenario';
import { eventually, yes } from '../harness/wait';

interface Report {
  readonly whole: boolean;
  readonly primary: string | null;
  readonly timeline: number;
  readonly lease: { readonly holder: string; readonly expired: boolean };
  readonly instances: readonly { readonly instance: string; readonly role: string; readonly ready: boolean; readonly lagBytes: number | null }[];
  readonly problems: readonly unknown[];
}

/** May see everything here, and may not ask the agents. */
const WITHOUT_PROXY = [
  { apiGroups: [''], resources: ['pods', 'configmaps'], verbs: ['get', 'list'] },
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get'] },
];

export const cli: Scenario = {
  name: 'cli',
  promise: 'each verb of the command line does its work with nothing but a kubeconfig, tells people and machines, and ends with the documented code',
  async run({ cluster, step }) {
    const tool = new Cli(cluster.namespace);
    const primary = await cluster.primary();
    // Others have used the cluster before.
    for (const { name } of INSTANCES) await showsNoProblem(cluster, name, /^/);

    step('status');
    const told = await tool.run(['status', CLUSTER, '-o', 'json']);
    const report = JSON.parse(told.stdout) as Report;
    assert.deepEqual([told.code, report.whole, report.problems], [0, true, []], told.stdout);
    assert.deepEqual([report.primary, report.lease.holder, report.lease.expired], [primary.instance, primary.instance, false]);
    assert.equal(report.timeline, (await cluster.status(primary)).position?.timeline);
    for (const { instance, role, ready, lagBytes } of report.instances) {
      assert.deepEqual([role, ready], [instance === primary.instance ? 'primary' : 'replica', true]);
      if (role === 'replica') assert.ok(lagBytes !== null && lagBytes < 1 << 24);
    }
    const table = await tool.run(['status', CLUSTER]);
    assert.equal(table.code, 0);
    assert.match(table.stdout, new RegExp(`^${primary.instance} +primary +yes `, 'm'));
    const overview = await tool.asPlugin('status');
    assert.equal(overview.code, 0, overview.stderr);
    assert.match(overview.stdout, new RegExp(`^${cluster.namespace} +${CLUSTER} +17 +whole +${report.instances.length}/${report.instances.length} +${primary.instance} `, 'm'));
    assert.ok((JSON.parse((await tool.run(['status', '-A', '-o', 'json'])).stdout) as unknown[]).length > 0);

    step('connect');
    const asked = await tool.run(['connect', CLUSTER, '--', '-AtX', '-c', 'SELECT pg_is_in_recovery(), current_database()']);
    assert.deepEqual([asked.code, asked.stdout], [0, 'f|app\n'], asked.stderr);
    const piped = await tool.run(['connect', CLUSTER, '--replica', '--', '-AtX'], { input: 'SELECT pg_is_in_recovery();\n' });
    assert.deepEqual([piped.code, piped.stdout], [0, 't\n'], piped.stderr);
    const wrong = await tool.run(['connect', CLUSTER, '--', '-X', '-v', 'ON_ERROR_STOP=1'], { input: 'SELECT nonsense;\n' });
    assert.equal(wrong.code, 3, 'psql\'s own exit code');

    step('logs');
    const lines = (await tool.run(['logs', CLUSTER, '--tail', '5', '-o', 'json'])).stdout.trim().split('\n').map((line) => JSON.parse(line) as { pod: string });
    assert.deepEqual([...new Set(lines.map(({ pod }) => pod))].sort(), cluster.pods.all.map(({ name }) => name).sort());
    const followed = await tool.until(['logs', CLUSTER, '--follow'], /seen_by_nobody/, () => cluster.psql(primary, 'SELECT seen_by_nobody').catch(() => undefined));
    assert.match(followed, new RegExp(`^\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d\\.\\d{3}  ${primary.name} .*postgres: `));

    step('what cannot be done');
    const noBackups = await tool.run(['backup', CLUSTER, '--type', 'full']);
    assert.deepEqual([noBackups.code, noBackups.stdout], [1, '']);
    assert.match(noBackups.stderr, /has no backups/);
    assert.equal((await tool.run(['backups', CLUSTER])).code, 1);
    assert.match((await tool.run(['status', 'nobody'])).stderr, new RegExp(`there is no cluster "nobody" in namespace ${cluster.namespace}; there are: ${CLUSTER}`));
    assert.equal((await tool.run(['backup', CLUSTER, '--type', 'half'])).code, 64);
    const kubeconfig = await kubeconfigOf(cluster, 'onlooker', WITHOUT_PROXY);
    const refused = await tool.run(['status', CLUSTER, '--kubeconfig', kubeconfig]);
    assert.equal(refused.code, 3, refused.stderr);
    assert.match(refused.stderr, /may not get pods\/proxy in namespace .*resources: \["pods\/proxy"\], verbs: \["get"\]/);
    const shut = await tool.run(['connect', CLUSTER, '--kubeconfig', kubeconfig]);
    assert.equal(shut.code, 3, shut.stderr);
    assert.match(shut.stderr, /may not create pods\/exec/);

    step('a replica goes');
    const [replica] = await cluster.replicas();
    await cluster.kubectl.run(['scale', 'statefulset', NAMES.statefulSet(replica.instance), '--replicas=0']);
    await eventually('the status to say so', { withinMs: 60_000 }, async () => {
      const { code, stdout } = await tool.run(['status', CLUSTER, '-o', 'json']);
      return yes(code === 2 && (JSON.parse(stdout) as Report).problems.length > 0);
    });
    await cluster.kubectl.run(['scale', 'statefulset', NAMES.statefulSet(replica.instance), '--replicas=1']);
    await eventually('the status to say that it is back', { withinMs: 120_000, everyMs: 1_000 }, async () => yes((await tool.run(['status', CLUSTER])).code === 0));
  },
};

import assert from 'node:assert/strict';
import { Cpu } from 'cdk8s-plus-28';
import { PostgresVersion } from '../../../src';
import type { Cluster } from '../harness/cluster';
import { argoIsDone, buildGitOpsTools, fluxIsDone, GitOpsTools, type Judgement } from '../harness/gitops';
import type { Program } from '../harness/program';
import type { Scenario } from '../harness/scenario';
import { eventually, yes } from '../harness/wait';

const WAITS = /^ready, with what Git said before/;
const NOT_READY = /^the pod is not ready/;

export const gitopsHealth: Scenario = {
  name: 'gitops-health',
  promise: 'with the checks of gitops/ Flux and Argo CD call a change done when every instance is ready and runs what Git says, and not before',
  begins: 'nothing',
  buildTools: buildGitOpsTools,
  async run({ cluster, startClients, step }) {
    const tools = new GitOpsTools(cluster);

    step('the first apply');
    await cluster.apply();
    const first = await untilDone(cluster, tools);
    assert.ok(first.some(({ argocd }) => NOT_READY.test(argocd.message)), 'a cluster that is being made is not done');
    assert.ok(first.some((judgement) => judgement.fluxAlone.status === 'Current' && !fluxIsDone(judgement)), 'Flux alone does not wait for it');
    await cluster.healthy(120_000);
    await startClients();

    step('a failover');
    await cluster.kubectl.run(['delete', 'pod', (await cluster.primary()).name, '--wait=false']);
    await until(tools, 'an instance that is not ready', (all) => all.some(({ argocd }) => NOT_READY.test(argocd.message)));
    await untilDone(cluster, tools);

    step('a version of another major');
    const images = { ...cluster.target.images, postgres: 'localhost/cdk8s-postgres:does-not-exist' };
    await cluster.apply({ props: { version: PostgresVersion.of('18'), images } });
    await until(tools, 'all instances to wait', (all) => all.every(({ argocd }) => WAITS.test(argocd.message)));
    await cluster.apply();
    await untilDone(cluster, tools);

    step('an image that does not exist');
    await cluster.apply({ props: { images } });
    await until(tools, 'one instance that is not ready, and others that wait for it', (all) => (
      all.filter(({ argocd }) => NOT_READY.test(argocd.message)).length === 1 && all.filter(({ argocd }) => WAITS.test(argocd.message)).length === 2));

    step('its fix, with a change that rolls all instances');
    const fixed: Program = { props: { resources: { cpu: { request: Cpu.millis(150) } } } };
    await cluster.apply(fixed);
    const rolled = await untilDone(cluster, tools);
    assert.ok(rolled.some(({ argocd }) => WAITS.test(argocd.message)), 'a rollout that is under way is not done');
    assert.ok(rolled.some((judgement) => judgement.fluxAlone.status === 'Current' && !fluxIsDone(judgement)), 'Flux alone does not see it');
  },
};

async function until(tools: GitOpsTools, what: string, is: (all: readonly Judgement[]) => boolean): Promise<void> {
  await eventually(what, { withinMs: 90_000, everyMs: 500 }, async () => yes(is(await tools.judge())));
}

/** Asks until both tools call everything done, and looks whether it is; what they said on the way. */
async function untilDone(cluster: Cluster, tools: GitOpsTools): Promise<readonly Judgement[]> {
  const said: Judgement[] = [];
  await eventually('Flux and Argo CD to call the change done', { withinMs: 240_000, everyMs: 500 }, async () => {
    const all = await tools.judge();
    said.push(...all);
    return yes(all.length === 3 && all.every((judgement) => fluxIsDone(judgement) && argoIsDone(judgement)));
  });
  assert.deepEqual(said.filter((judgement) => fluxIsDone(judgement) !== argoIsDone(judgement)), [], 'both tools say the same');
  assert.deepEqual(await notDone(cluster), [], 'what is called done is done');
  return said;
}

interface Sets { readonly items: readonly { readonly metadata: { readonly name: string }; readonly status: { readonly updateRevision: string } }[] }

interface Pods {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly labels: { readonly [key: string]: string } };
    readonly status: { readonly conditions: readonly { readonly type: string; readonly status: string }[] };
  }[];
}

/** Instances without a ready pod that was made from their template as it is now. */
async function notDone(cluster: Cluster): Promise<readonly string[]> {
  const [sets, pods] = await Promise.all([cluster.kubectl.json<Sets>('get', 'statefulsets'), cluster.kubectl.json<Pods>('get', 'pods')]);
  const done = ({ metadata, status }: Sets['items'][number]) => pods.items.some((pod) => (
    pod.metadata.name === `${metadata.name}-0`
    && pod.metadata.labels['controller-revision-hash'] === status.updateRevision
    && pod.status.conditions.some(({ type, status: truth }) => type === 'Ready' && truth === 'True')));
  return sets.items.filter((set) => !done(set)).map(({ metadata }) => metadata.name);
}

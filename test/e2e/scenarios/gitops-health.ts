import assert from 'node:assert/strict';
import { Cpu } from 'cdk8s-plus-28';
import { PostgresVersion } from '../../../src';
import type { Cluster } from '../harness/cluster';
import { argoIsDone, buildGitOpsTools, driftOf, fluxIsDone, GitOpsTools, namesOf, type Judgement } from '../harness/gitops';
import { objectsOf, type Program } from '../harness/program';
import type { Scenario, Trial } from '../harness/scenario';
import { eventually, yes } from '../harness/wait';

const WAITS = /^ready, with what Git said before/;
const NOT_READY = /^the pod is not ready/;
const BACK_WITHIN_MS = 180_000;

const WITH_POOLER: Program = { props: { pooler: { instances: 1 } } };

export const gitopsHealth: Scenario = {
  name: 'gitops-health',
  promise: 'as Flux applies, prunes and judges a cluster, with the checks of gitops/ for it and Argo CD: done when every instance is ready and as Git says, and not before; no drift; '
    + 'what goes from Git goes, but for volumes and Secrets, with which it comes back',
  begins: 'nothing',
  buildTools: buildGitOpsTools,
  async run(trial) {
    const { cluster, startClients, step } = trial;
    const tools = new GitOpsTools(cluster);

    step('the first commit');
    const created = namesOf((await tools.reconcile(WITH_POOLER)).applied, 'created');
    const inventory = tools.inventory;
    const first = await untilDone(cluster, tools);
    assert.ok(first.some(({ argocd }) => NOT_READY.test(argocd.message)), 'a cluster that is being made is not done');
    assert.ok(first.some((judgement) => judgement.fluxAlone.status === 'Current' && !fluxIsDone(judgement)), 'Flux alone does not wait for it');
    await tools.wait();
    await cluster.healthy(120_000);
    await startClients();
    assert.deepEqual(driftOf(await tools.reconcile(WITH_POOLER)), [], 'no drift');

    step('a failover');
    await cluster.kubectl.run(['delete', 'pod', (await cluster.primary()).name, '--wait=false']);
    await until(tools, 'an instance that is not ready', (all) => all.some(({ argocd }) => NOT_READY.test(argocd.message)));
    await untilDone(cluster, tools);
    assert.deepEqual(driftOf(await tools.reconcile(WITH_POOLER)), [], 'no drift');

    step('a commit without the pooler');
    const { pruned } = await tools.reconcile();
    assert.deepEqual(namesOf(pruned, 'deleted'), created.filter((name) => !namesOfProgram(cluster).includes(name) && !isKept(name)), 'what only the pooler needs is pruned');
    assert.deepEqual(namesOf(pruned, 'skipped'), [], 'and nothing else was looked at');

    step('a version of another major');
    const images = { ...cluster.target.images, postgres: 'localhost/cdk8s-postgres:does-not-exist' };
    await tools.reconcile({ props: { version: PostgresVersion.of('18'), images } });
    await until(tools, 'all instances to wait', (all) => all.every(({ argocd }) => WAITS.test(argocd.message)));
    await tools.reconcile();
    await untilDone(cluster, tools);

    step('an image that does not exist');
    await tools.reconcile({ props: { images } });
    await until(tools, 'one instance that is not ready, and others that wait for it', (all) => (
      all.filter(({ argocd }) => NOT_READY.test(argocd.message)).length === 1 && all.filter(({ argocd }) => WAITS.test(argocd.message)).length === 2));

    step('its fix, with a change that rolls all instances');
    const fixed: Program = { props: { resources: { cpu: { request: Cpu.millis(150) } } } };
    await tools.reconcile(fixed);
    const rolled = await untilDone(cluster, tools);
    assert.ok(rolled.some(({ argocd }) => WAITS.test(argocd.message)), 'a rollout that is under way is not done');
    assert.ok(rolled.some((judgement) => judgement.fluxAlone.status === 'Current' && !fluxIsDone(judgement)), 'Flux alone does not see it');
    assert.deepEqual(driftOf(await tools.reconcile(fixed)), [], 'no drift');

    await outOfGitAndBack(trial, tools, { created, inventory, program: fixed });
  },
};

interface Kept { readonly items: readonly { readonly metadata: { readonly name: string; readonly uid: string }; readonly data?: { readonly [key: string]: string } }[] }

interface FirstCommit { readonly created: readonly string[]; readonly inventory: string; readonly program: Program }

/** By the inventory of the first commit, the only one with the Secrets: of a later one Flux has skipped them, and so would not look at them. */
async function outOfGitAndBack({ cluster, ledger, step }: Trial, tools: GitOpsTools, { created, inventory, program }: FirstCommit): Promise<void> {
  const identity = async () => ({
    systemId: (await cluster.status(await cluster.primary(BACK_WITHIN_MS))).systemId,
    kept: (await cluster.kubectl.json<Kept>('get', 'pvc,secrets')).items.map(({ metadata, data }) => [metadata.name, metadata.uid, data]),
  });
  const before = await identity();
  await ledger.mark();
  step('the cluster goes from Git');
  tools.inventory = inventory;
  const { pruned } = await tools.reconcileYaml('');
  const gone = created.filter((name) => !isKept(name));
  assert.deepEqual(namesOf(pruned, 'deleted'), gone, 'all is pruned but volumes and Secrets');
  assert.deepEqual(namesOf(pruned, 'skipped'), created.filter(isKept), 'which are left alone');
  await eventually('all pods to be gone', { withinMs: 150_000 }, () => yes(cluster.pods.all.length === 0));
  assert.equal(await cluster.kubectl.run(['get', ...gone, '--ignore-not-found', '-o', 'name']), '', 'what was pruned is gone');

  step('and comes back');
  await tools.reconcile(program);
  await tools.wait();
  await cluster.healthy(BACK_WITHIN_MS);
  assert.deepEqual(await identity(), before, 'the same system, volumes and Secrets');
  // The Service is another one, with another address; the ledger's balance needs to reach it.
  await ledger.move((await cluster.access()).host);
  assert.deepEqual(driftOf(await tools.reconcile(program)), [], 'no drift');
}

const isKept = (name: string): boolean => /^(PersistentVolumeClaim|Secret)\//.test(name);

function namesOfProgram(cluster: Cluster): readonly string[] {
  return objectsOf(cluster.target).map(({ kind, metadata }) => `${kind}/${metadata.name}`);
}

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

import assert from 'node:assert/strict';
import { stoppedFor, writesResume } from './service';
import { Cli } from '../harness/cli';
import { NAMES } from '../harness/cluster';
import { REPLACING } from '../harness/logs';
import { kubeconfigOf, type Rule } from '../harness/person';
import { CLUSTER } from '../harness/program';
import type { Scenario, Trial } from '../harness/scenario';
import { eventually, yes } from '../harness/wait';

interface Candidates {
  readonly primary: string;
  readonly candidates: readonly { readonly instance: string; readonly eligible: boolean; readonly why: string | null }[];
}

/** May look with the command line, and may read the certificate of one who looks. */
const VIEWER: readonly Rule[] = [
  { apiGroups: [''], resources: ['pods', 'configmaps'], verbs: ['get', 'list'] },
  { apiGroups: [''], resources: ['pods/portforward'], verbs: ['get', 'create'] },
  { apiGroups: [''], resources: ['secrets'], resourceNames: [NAMES.accessSecrets.viewer], verbs: ['get'] },
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get'] },
];

export const switchover: Scenario = {
  name: 'switchover',
  promise: 'a person who may read the operator\'s certificate makes another instance the primary, a named one or the best: a short interruption, no acknowledged row is lost, nobody is rebuilt',
  alone: true,
  async run(trial) {
    const { cluster, step } = trial;
    const began = new Date();
    const tool = new Cli(cluster.namespace);
    const { instance: first } = await cluster.primary();
    const seen = await candidatesOf(tool);
    assert.equal(seen.primary, first);
    assert.deepEqual(seen.candidates.map(({ eligible, why }) => [eligible, why]), [[true, null], [true, null]]);
    // Not the one that would be chosen.
    const second = seen.candidates[1].instance;

    const named = await measured(trial, tool, ['switchover', CLUSTER, '--to', second]);
    assert.equal((await cluster.primary()).instance, second);
    assert.match(named.stdout, new RegExp(`^switchover from instance ${first} to ${second}: done$`, 'm'));
    await wholeAgain(tool);

    step('what cannot be done');
    const again = await tool.run(['switchover', CLUSTER, '--to', second]);
    assert.deepEqual([again.code, again.stderr.includes(`instance ${second} is the primary already`)], [1, true], again.stderr);
    const nobody = await tool.run(['switchover', CLUSTER, '--to', '9']);
    assert.deepEqual([nobody.code, nobody.stderr.includes('the spec lists no instance 9')], [1, true], nobody.stderr);
    const viewer = ['--kubeconfig', await kubeconfigOf(cluster, 'viewer', VIEWER)];
    const looked = await tool.run(['candidates', CLUSTER, ...viewer]);
    assert.equal(looked.code, 0, looked.stderr);
    const refused = await tool.run(['switchover', CLUSTER, ...viewer]);
    assert.equal(refused.code, 3, refused.stderr);
    assert.match(refused.stderr, /may not get secrets in namespace/);
    assert.equal((await cluster.primary()).instance, second);

    const best = await measured(trial, tool, ['switchover', CLUSTER, '-o', 'json']);
    const { from, to, ok } = JSON.parse(best.stdout) as { from: string; to: string; ok: boolean };
    assert.deepEqual([from, to, ok], [second, (await cluster.primary()).instance, true]);
    assert.notEqual(to, second);
    await wholeAgain(tool);
    assert.deepEqual(cluster.logs.decided(began, REPLACING), []);
    await eventually('what was asked for in the log', { withinMs: 30_000 }, async () => yes(
      cluster.logs.since(began).filter(({ fields }) => String(fields.msg).startsWith('operator asked: POST /v1/switchover')).length === 4,
    ));
    return { stoppedForMs: { named: named.stoppedForMs, best: best.stoppedForMs } };
  },
};

async function candidatesOf(tool: Cli): Promise<Candidates> {
  return eventually('both replicas as candidates', { withinMs: 30_000, everyMs: 500 }, async () => {
    const { code, stdout, stderr } = await tool.run(['candidates', CLUSTER, '-o', 'json']);
    assert.equal(code, 0, stderr);
    const seen = JSON.parse(stdout) as Candidates;
    return seen.candidates.every(({ eligible }) => eligible) ? seen : null;
  });
}

async function measured(trial: Trial, tool: Cli, args: readonly string[]): Promise<{ readonly stdout: string; readonly stoppedForMs: number }> {
  trial.step(args.join(' '));
  await trial.ledger.mark();
  const { code, stdout, stderr } = await tool.run(args);
  assert.equal(code, 0, stderr);
  const stoppedForMs = await writesResume(trial.ledger, 60_000);
  await stoppedFor(trial, 6_000);
  return { stdout, stoppedForMs };
}

async function wholeAgain(tool: Cli): Promise<void> {
  await eventually('a whole cluster', { withinMs: 60_000, everyMs: 500 }, async () => yes((await tool.run(['status', CLUSTER])).code === 0));
}

import { hasWarningEvent, showsNoProblem, showsProblem } from './problems';
import { undisturbed } from './service';
import type { Cluster } from '../harness/cluster';
import { INSTANCES, objectsOf } from '../harness/program';
import type { Scenario } from '../harness/scenario';
import { eventually, yes } from '../harness/wait';

const REFILLED_WITHIN_MS = 60_000;

/** The data of all Secrets of the cluster, as one text. */
async function contents(cluster: Cluster): Promise<string> {
  const { items } = await cluster.kubectl.json<{ items: { metadata: { name: string }; data?: Record<string, string> }[] }>('get', 'secrets');
  return JSON.stringify(items.map(({ metadata, data }) => [metadata.name, Object.entries(data ?? {}).sort()]).sort());
}

export const secretsWiped: Scenario = {
  name: 'secrets-wiped',
  promise: 'Secrets that were replaced by empty ones, or deleted, are missed aloud and filled again with what they held, and no connection is broken',
  async run({ cluster, ledger, step }) {
    const secrets = objectsOf(cluster.target).filter(({ kind }) => kind === 'Secret');
    const before = await contents(cluster);
    await ledger.mark();
    step('kubectl replace of all Secrets');
    await cluster.kubectl.run(['replace', '-f', '-'], { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: secrets }) });
    await eventually('the Secrets to be as they were', { withinMs: REFILLED_WITHIN_MS, everyMs: 1_000 }, async () => yes(await contents(cluster) === before));
    step('deleting all Secrets');
    await cluster.delete(({ kind }) => kind === 'Secret');
    for (const { name } of INSTANCES) await showsProblem(cluster, name, /^CredentialsProblem/);
    await hasWarningEvent(cluster, INSTANCES[0].name, /^CredentialsProblem/);
    step('applying the program again');
    await cluster.apply();
    await eventually('the Secrets to be as they were', { withinMs: REFILLED_WITHIN_MS, everyMs: 1_000 }, async () => yes(await contents(cluster) === before));
    for (const { name } of INSTANCES) await showsNoProblem(cluster, name, /^CredentialsProblem/);
    return { longestSilenceMs: await undisturbed(ledger) };
  },
};

/** Following a rollout from outside. */
import assert from 'node:assert/strict';
import type { Cluster } from '../harness/cluster';
import type { Ledger } from '../harness/ledger';
import type { Figures } from '../harness/scenario';
import { eventually, yes } from '../harness/wait';

const ROLLED_WITHIN_MS = 180_000;

/** Starts a rollout by `change` and follows it to its end: one pod at a time, the primary last, at most one interruption. */
export async function rolls(cluster: Cluster, ledger: Ledger, change: () => Promise<void>): Promise<Figures> {
  const primary = await cluster.primary();
  const before = new Map(cluster.pods.all.map(({ instance, uid }) => [instance, uid]));
  const order: string[] = [];
  let fewestReady = before.size;
  let watching = true;
  cluster.pods.onChange((pod) => {
    if (!watching) return;
    if (pod.terminating && before.get(pod.instance) === pod.uid && !order.includes(pod.instance)) order.push(pod.instance);
    fewestReady = Math.min(fewestReady, cluster.pods.all.filter(({ ready, terminating }) => ready && !terminating).length);
  });
  await ledger.mark();
  await change();
  await eventually('new pods of all instances', { withinMs: ROLLED_WITHIN_MS }, () =>
    yes([...before].every(([instance, uid]) => cluster.pods.all.every((pod) => pod.instance !== instance || pod.uid !== uid))));
  await cluster.healthy(120_000);
  watching = false;

  const { interruptions, gaps } = await ledger.report();
  assert.equal(order.at(-1), primary.instance, `the primary is replaced last: ${order.join(', ')}`);
  assert.equal(order.length, before.size, `each pod is replaced once: ${order.join(', ')}`);
  assert.equal(fewestReady, before.size - 1, 'no more than one instance is down at a time');
  assert.ok(interruptions <= 1, `the client sees at most one interruption: ${interruptions}, with silences of ${JSON.stringify(gaps)}`);
  return { order, interruptions };
}

/** What an instance says is wrong: in its status, and as an Event on its pod. */
import type { Cluster } from '../harness/cluster';
import { eventually, yes } from '../harness/wait';

const TOLD_WITHIN_MS = 90_000;

/** Waits until the instance's status shows a problem of that code; its message. */
export function showsProblem(cluster: Cluster, instance: string, wanted: RegExp): Promise<string> {
  return eventually(`instance ${instance} to show the problem ${wanted}`, { withinMs: TOLD_WITHIN_MS }, async () => {
    const { problems } = await cluster.statusOf(instance);
    return problems.map(({ code, message }) => `${code}: ${message}`).find((text) => wanted.test(text)) ?? null;
  });
}

/** Whichever instance it is. */
export function someShowProblem(cluster: Cluster, wanted: RegExp): Promise<true> {
  return eventually(`an instance to show the problem ${wanted}`, { withinMs: 180_000, everyMs: 500 }, async () => {
    const statuses = await Promise.all(cluster.pods.all.filter(({ ip }) => ip !== null).map((pod) => cluster.status(pod).catch(() => null)));
    return yes(statuses.some((status) => status?.problems.some(({ code, message }) => wanted.test(`${code}: ${message}`))));
  });
}

export function showsNoProblem(cluster: Cluster, instance: string, unwanted: RegExp): Promise<true> {
  return eventually(`instance ${instance} to be over the problem ${unwanted}`, { withinMs: TOLD_WITHIN_MS }, async () => {
    const { problems } = await cluster.statusOf(instance);
    return yes(!problems.some(({ code, message }) => unwanted.test(`${code}: ${message}`)));
  });
}

export function hasWarningEvent(cluster: Cluster, instance: string, wanted: RegExp): Promise<true> {
  return eventually(`a Warning Event ${wanted} on the pod of instance ${instance}`, { withinMs: TOLD_WITHIN_MS }, async () => {
    const { items } = await cluster.kubectl.json<{ items: { type: string; reason: string; message: string; involvedObject: { uid: string } }[] }>('get', 'events');
    const { uid } = cluster.pod(instance);
    return yes(items.some((event) => event.type === 'Warning' && event.involvedObject.uid === uid && wanted.test(`${event.reason}: ${event.message}`)));
  });
}

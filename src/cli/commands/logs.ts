/** `logs`: what all agents of a cluster say, in the order of time. */
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT } from '../exit.js';
import type { Kube } from '../kube.js';
import { shorten, splitTime, type LogLine } from '../log-line.js';
import { findCluster, listPods, type Found, type PodSeen } from '../observe.js';
import { patiently } from '../patience.js';
import { followLog } from '../pod-log.js';
import { codeOf, explain } from '../refusal.js';

export interface LogsOptions {
  readonly follow: boolean;
  /** Lines of each pod. */
  readonly tail: number;
  readonly json: boolean;
}

/** Pods that come later, and containers that start again, are followed too. */
const LOOKS_EVERY_MS = 2_000;

export async function logs(kube: Kube, cluster: string, options: LogsOptions): Promise<number> {
  const found = await findCluster(kube, cluster);
  const pods = await listPods(kube, found);
  const width = Math.max(0, ...pods.map(({ name }) => name.length));
  const print = (pod: string, line: LogLine) => console.log(options.json ? line.text : shorten(pod.padEnd(width), line));
  // At least one: it is not printed when none is wanted, but tells where to go on.
  const lines = (await Promise.all(pods.map((pod) => past(kube, found, pod, Math.max(1, options.tail))))).flat();
  lines.sort((a, b) => (a.line.time < b.line.time ? -1 : a.line.time > b.line.time ? 1 : 0));
  if (options.tail > 0) for (const { pod, line } of lines) print(pod, line);
  if (options.follow) await followAll(kube, found, new Map(lines.map(({ pod, line }) => [pod, line.time])), print);
  return EXIT.ok;
}

async function past(kube: Kube, { namespace }: Found, { name, container }: PodSeen, tailLines: number): Promise<readonly { pod: string; line: LogLine }[]> {
  const request = kube.core.readNamespacedPodLog({ name, namespace, container, tailLines, timestamps: true });
  // 400: its container has not started yet.
  const text = await kube.ask(request.catch((error: unknown) => {
    if (codeOf(error) === 400 || codeOf(error) === 404) return '';
    throw error;
  }));
  return text.split('\n').filter((line) => line !== '').map((line) => ({ pod: name, line: splitTime(line) }));
}

/** Until the person ends it. `last`: when each pod was last heard. */
async function followAll(kube: Kube, found: Found, last: Map<string, string>, print: (pod: string, line: LogLine) => void): Promise<never> {
  const streams = new Set<string>();
  let refused: unknown = null;
  for (;;) {
    for (const pod of await patiently(() => listPods(kube, found))) {
      if (streams.has(pod.name) || pod.waiting !== null) continue;
      streams.add(pod.name);
      void follow(kube, found.namespace, pod, last, print)
        // A container that has not started, a connection that breaks: it is asked again.
        .catch((error: unknown) => { if (codeOf(error) === 401 || codeOf(error) === 403) refused = error; })
        .finally(() => streams.delete(pod.name));
    }
    await sleep(LOOKS_EVERY_MS);
    if (refused !== null) throw explain(refused, kube.server);
  }
}

/** Ends with the container's life, or with the connection; what was printed before is not printed again. */
async function follow(kube: Kube, namespace: string, { name, container }: PodSeen, last: Map<string, string>, print: (pod: string, line: LogLine) => void): Promise<void> {
  for await (const line of followLog(kube, { namespace, pod: name, container }, last.get(name) ?? null)) {
    last.set(name, line.time);
    print(name, line);
  }
}

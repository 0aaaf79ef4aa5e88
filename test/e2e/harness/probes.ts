/** Which pod was writable when, by asking each of them directly, and whether two ever were at once (I1). */
import type { Client } from './client';
import type { Pod } from './pods';

interface Write {
  readonly sent: number;
  readonly acknowledged: number;
  readonly period: number;
}

/** A time in which a pod acknowledged writes, without a refusal in between. */
export interface Period {
  /** `<instance>/<start of the pod's uid>` */
  readonly pod: string;
  readonly from: number;
  readonly to: number;
  readonly writes: readonly number[];
}

export interface Overlap {
  readonly pods: readonly [string, string];
  readonly ms: number;
  /** Acknowledgements of the earlier one after the later one's first. */
  readonly acknowledged: number;
}

export class Probes {
  #told = new Set<string>();

  /** `clients`: each sees what it can reach from where it runs. `connection`: how to connect to a pod's address. */
  constructor(private readonly clients: readonly Client[], private readonly connection: (pod: Pod) => object) {}

  /** Probed from now on, to the end: an old pod that is said to be gone may still answer. */
  watch(pod: Pod): void {
    if (pod.ip === null || this.#told.has(pod.uid)) return;
    this.#told.add(pod.uid);
    const target = JSON.stringify({ key: keyOf(pod), server: this.connection(pod) });
    for (const client of this.clients) void client.ask(target).catch(() => undefined);
  }

  /** The periods of all pods, by time. */
  async periods(): Promise<readonly Period[]> {
    const reports = await Promise.all(this.clients.map((client) => client.ask<{ [pod: string]: Write[] }>('report')));
    const periods = reports.flatMap((report) => Object.entries(report).flatMap(([pod, writes]) => periodsOf(pod, writes)));
    return periods.sort((a, b) => a.from - b.from);
  }

  async overlaps(): Promise<readonly Overlap[]> {
    return overlapsOf(await this.periods());
  }

  close(): void {
    for (const client of this.clients) client.close();
  }
}

export const keyOf = (pod: Pod): string => `${pod.instance}/${pod.uid.slice(0, 8)}`;

function periodsOf(pod: string, writes: readonly Write[]): Period[] {
  const byPeriod = new Map<number, number[]>();
  for (const { period, acknowledged } of writes) byPeriod.set(period, [...byPeriod.get(period) ?? [], acknowledged]);
  return [...byPeriod.values()].map((times) => ({ pod, from: Math.min(...times), to: Math.max(...times), writes: times }));
}

/** Two pods, each of which acknowledged a write before the other's last one in periods that began at different times: both were writable at once. */
export function overlapsOf(periods: readonly Period[]): readonly Overlap[] {
  return periods.flatMap((a, i) => periods.slice(i + 1)
    .filter((b) => b.pod !== a.pod && b.from < a.to)
    .map((b): Overlap => ({ pods: [a.pod, b.pod], ms: Math.min(a.to, b.to) - b.from, acknowledged: a.writes.filter((at) => at > b.from).length })));
}

/** Which pods of a namespace have connected to which, by the nodes' own books (conntrack), and what its NetworkPolicies say of that. */
import type { Cluster } from './cluster';
import { output } from './run';
import { sleep } from './wait';
import { COMPONENT_LABEL } from '../../../src/contract';
import { passing, type Pod, type Traffic } from '../../policy-evaluator';

interface RawPod {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: { readonly hostNetwork?: boolean };
  readonly status: { readonly podIP?: string };
}

export interface Judgement {
  /** "instance to repo:8432", each once. */
  readonly seen: readonly string[];
  readonly forbidden: readonly string[];
}

const LOOK_EVERY_MS = 2_000;

export class Connections {
  #flows: Readonly<Record<string, Traffic>> = {};

  /** Before the first pod: what the books have of earlier ones, whose addresses may be given out again, is nobody's here. */
  static async of(cluster: Cluster): Promise<Connections> {
    return new Connections(cluster, new Set((await connectionsOf(cluster)).map(({ key }) => key)));
  }

  private constructor(private readonly cluster: Cluster, private readonly earlier: ReadonlySet<string>) {}

  /** Looks again and again while the work goes on: the connections of a pod that has ended are in nobody's books. */
  async during<T>(work: Promise<T>): Promise<T> {
    let ended = false;
    const end = () => { ended = true; };
    work.then(end, end);
    while (!ended) {
      await this.look();
      await Promise.race([sleep(LOOK_EVERY_MS), work.catch(() => undefined)]);
    }
    return work;
  }

  async look(): Promise<void> {
    this.#flows = { ...this.#flows, ...await flowsOf(this.cluster, this.earlier) };
  }

  /** `yaml` has the policies. */
  async judge(yaml: string): Promise<Judgement> {
    const allowed = await passing(yaml, this.#flows);
    const seen = Object.keys(this.#flows).sort();
    return { seen, forbidden: seen.filter((name) => !allowed.includes(name)) };
  }
}

async function flowsOf(cluster: Cluster, earlier: ReadonlySet<string>): Promise<Readonly<Record<string, Traffic>>> {
  const byAddress = await podsByAddress(cluster);
  const flows: Record<string, Traffic> = {};
  for (const { key, client, server, port } of await connectionsOf(cluster)) {
    if (earlier.has(key)) continue;
    const [from, to] = [byAddress.get(client), byAddress.get(server)];
    if (from !== undefined && to !== undefined) flows[`${from.name} to ${to.name}:${port}`] = { from: from.pod, to: to.pod, port };
  }
  return flows;
}

/** Called after what they are, for one connection of each kind is enough. */
async function podsByAddress({ kubectl, namespace }: Cluster): Promise<ReadonlyMap<string, { readonly name: string; readonly pod: Pod }>> {
  const { items } = await kubectl.json<{ items: readonly RawPod[] }>('get', 'pods');
  return new Map(items.filter(({ spec, status }) => spec.hostNetwork !== true && status.podIP !== undefined).map(({ metadata: { name, labels = {} }, status }) => (
    [status.podIP!, { name: labels[COMPONENT_LABEL] ?? name, pod: { namespace, labels } }])));
}

interface Connection {
  /** With the client's port: this very one. */
  readonly key: string;
  readonly client: string;
  readonly server: string;
  readonly port: number;
}

/** A line has the packets of both directions; the answers' tell the pod behind a Service, and its port. */
async function connectionsOf({ target }: Cluster): Promise<readonly Connection[]> {
  const machine = target.machine!;
  const books = await Promise.all(machine.nodes.map((node) => output([...machine.inNode(node), 'conntrack', '-L', '-p', 'tcp'])));
  return books.flatMap((book) => book.split('\n')).flatMap((line) => {
    const answers = /src=\S+ dst=\S+ sport=\d+ dport=\d+ .*?(src=(\S+) dst=(\S+) sport=(\d+) dport=\d+)/.exec(line);
    return answers === null ? [] : [{ key: answers[1], server: answers[2], client: answers[3], port: Number(answers[4]) }];
  });
}

/** Every line that every agent of a cluster has written, also those of pods that are gone. */
import type { ChildProcess } from 'node:child_process';
import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Kubectl } from './kubectl';
import type { Pod, PodWatch } from './pods';
import { sleep } from './wait';

export interface LogLine {
  readonly instance: string;
  readonly podUid: string;
  /** The wall clock of the node, RFC 3339. */
  readonly time: string;
  /** The line's JSON; a plain line becomes its `msg`. */
  readonly fields: { readonly [field: string]: unknown };
}

/** Decisions by which an instance parts from the data that it has. */
export const REPLACING = ['clone', 'setAside', 'rewind'] as const;

const AGAIN_MS = 500;

export class AgentLogs {
  #lines: LogLine[] = [];
  #followed = new Set<string>();
  #children = new Set<ChildProcess>();
  #closed = false;

  constructor(private readonly kubectl: Kubectl, private readonly pods: PodWatch, private readonly directory: string, private readonly container = 'postgres') {
    mkdirSync(directory, { recursive: true });
    pods.onChange((pod) => {
      if (!pod.started || this.#followed.has(pod.uid)) return;
      this.#followed.add(pod.uid);
      void this.#follow(pod);
    });
  }

  /** What was written from that moment on. By its own time: a stream that was broken brings old lines late. */
  since(moment: Date): readonly LogLine[] {
    const from = moment.toISOString();
    return this.#lines.filter(({ time }) => time >= from);
  }

  /** Who has decided on one of these since that moment, each time: "2: clone". */
  decided(since: Date, decisions: readonly string[]): readonly string[] {
    return this.since(since).filter(({ fields }) => decisions.includes(String(fields.decision))).map(({ instance, fields }) => `${instance}: ${String(fields.decision)}`);
  }

  close(): void {
    this.#closed = true;
    for (const child of this.#children) child.kill();
  }

  /** One container after the other, and again wherever the stream was broken. */
  async #follow(pod: Pod): Promise<void> {
    const file = createWriteStream(join(this.directory, `${pod.instance || pod.name}-${pod.uid.slice(0, 8)}.log`), { flags: 'a' });
    let last = '';
    while (!this.#closed && this.pods.all.some(({ uid }) => uid === pod.uid)) {
      last = await this.#stream(pod, last, file);
      await sleep(AGAIN_MS);
    }
    file.end();
  }

  async #stream(pod: Pod, last: string, file: WriteStream): Promise<string> {
    const since = last === '' ? [] : [`--since-time=${last}`];
    const child = this.kubectl.start(['logs', pod.name, `--container=${this.container}`, '--follow', '--timestamps', ...since]);
    this.#children.add(child);
    let newest = last;
    for await (const line of createInterface({ input: child.stdout! })) {
      const [time, text] = split(line);
      if (time <= last) continue;
      newest = time;
      file.write(`${line}\n`);
      this.#lines.push({ instance: pod.instance, podUid: pod.uid, time, fields: parse(text) });
    }
    this.#children.delete(child);
    return newest;
  }
}

function split(line: string): [string, string] {
  const space = line.indexOf(' ');
  return [line.slice(0, space), line.slice(space + 1)];
}

function parse(text: string): { [field: string]: unknown } {
  try {
    return JSON.parse(text) as { [field: string]: unknown };
  } catch {
    return { msg: text };
  }
}

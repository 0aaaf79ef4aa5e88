/** A client program: started where it can reach the database, commanded by lines, answering by lines. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

interface Reply {
  readonly answer?: unknown;
  readonly error?: string;
}

const ANSWER_WITHIN_MS = 40_000;

export class Client {
  #child: ChildProcessByStdio<Writable, Readable, null>;
  #waiting: { resolve(answer: unknown): void; reject(error: Error): void }[] = [];
  #ended = false;

  /** `argv` runs the program. */
  constructor(argv: readonly string[]) {
    // Its stderr is ours: what a broken client says must be seen.
    this.#child = spawn(argv[0], argv.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] });
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      const { answer, error } = JSON.parse(line) as Reply;
      const waiting = this.#waiting.shift();
      if (error === undefined) waiting?.resolve(answer);
      else waiting?.reject(new Error(error));
    });
    this.#child.on('close', (code) => {
      this.#ended = true;
      for (const { reject } of this.#waiting.splice(0)) reject(new Error(`the client ended with exit code ${code}`));
    });
    this.#child.stdin.on('error', () => undefined);
  }

  /** Commands are answered in their order. */
  ask<T>(command: string): Promise<T> {
    if (this.#ended) return Promise.reject(new Error('the client has ended'));
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`the client did not answer "${command.slice(0, 40)}" within ${ANSWER_WITHIN_MS} ms`)), ANSWER_WITHIN_MS);
      this.#waiting.push({
        resolve: (answer) => { clearTimeout(timer); resolve(answer as T); },
        reject: (error) => { clearTimeout(timer); reject(error); },
      });
      this.#child.stdin.write(`${command}\n`);
    });
  }

  close(): void {
    this.#child.stdin.end();
    setTimeout(() => this.#child.kill('SIGKILL'), 2_000).unref();
  }
}

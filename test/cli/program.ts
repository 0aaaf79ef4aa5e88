/** The command line as it is published, run as a person runs it. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';

const PROGRAM = resolve('dist/cli/cdk8s-postgres.cjs');

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class Program {
  readonly ended: Promise<Ended>;
  stdout = '';
  stderr = '';
  readonly #child: ChildProcessWithoutNullStreams;

  constructor(args: readonly string[]) {
    this.#child = spawn(process.execPath, [PROGRAM, ...args]);
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => { this.stdout += text; });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => { this.stderr += text; });
    this.ended = once(this.#child, 'close').then(([code]) => ({ code: code as number | null, stdout: this.stdout, stderr: this.stderr }));
  }

  /** And its end. */
  input(text: string): this {
    this.#child.stdin.end(text);
    return this;
  }

  async until(wanted: RegExp): Promise<void> {
    while (!wanted.test(this.stdout)) {
      await Promise.race([once(this.#child.stdout, 'data'), this.ended.then(({ stderr }) => { throw new Error(`it has ended: ${stderr}`); })]);
    }
  }

  async stop(): Promise<Ended> {
    this.#child.kill();
    return this.ended;
  }
}

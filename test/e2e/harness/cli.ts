/** The command line, as a person runs it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { outcomeOf, type Outcome, type RunOptions } from './run';

const PROGRAM = resolve('dist/cli/cdk8s-postgres.cjs');
const TIMEOUT_MS = 120_000;

export class Cli {
  constructor(private readonly namespace: string) {}

  run(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    const [verb, ...rest] = args;
    return outcomeOf([process.execPath, PROGRAM, verb, '--namespace', this.namespace, ...rest], { timeoutMs: TIMEOUT_MS, ...options });
  }

  /** Found by kubectl as its plugin. */
  async asPlugin(...args: string[]): Promise<Outcome> {
    const folder = mkdtempSync(join(tmpdir(), 'plugin-'));
    try {
      symlinkSync(PROGRAM, join(folder, 'kubectl-postgres'));
      const argv = [process.env.KUBECTL ?? 'kubectl', 'postgres', ...args, '--namespace', this.namespace];
      return await outcomeOf(argv, { timeoutMs: TIMEOUT_MS, env: { PATH: `${folder}:${process.env.PATH}` } });
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  /** Keeps running until a line matches, then is ended; resolves to that line. */
  async until(args: readonly string[], wanted: RegExp, then: () => Promise<unknown>): Promise<string> {
    const [verb, ...rest] = args;
    const child = spawn(process.execPath, [PROGRAM, verb, '--namespace', this.namespace, ...rest], { stdio: ['ignore', 'pipe', 'inherit'] });
    const timer = setTimeout(() => child.kill(), TIMEOUT_MS);
    try {
      const lines = createInterface({ input: child.stdout });
      await once(lines, 'line');
      const done = then();
      for await (const line of lines) {
        if (!wanted.test(line)) continue;
        await done;
        return line;
      }
      throw new Error(`no line ${wanted} came within ${TIMEOUT_MS / 1000} s`);
    } finally {
      clearTimeout(timer);
      child.kill();
    }
  }
}

/** kubectl in one namespace. */
import { spawn, type ChildProcess } from 'node:child_process';
import { outcomeOf, output, type Outcome, type RunOptions } from './run';

const PROGRAM = process.env.KUBECTL ?? 'kubectl';
/** More than a pod's end may take that is waited for. */
const TIMEOUT_MS = 150_000;

export class Kubectl {
  constructor(readonly namespace: string) {}

  /** Its output; rejects when it fails. */
  run(args: readonly string[], options: RunOptions = {}): Promise<string> {
    return output(this.argv(args), { timeoutMs: TIMEOUT_MS, ...options });
  }

  outcome(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return outcomeOf(this.argv(args), { timeoutMs: TIMEOUT_MS, ...options });
  }

  async json<T>(...args: string[]): Promise<T> {
    return JSON.parse(await this.run([...args, '-o', 'json'])) as T;
  }

  /** As GitOps tools do: what Git says wins over what was set by hand. */
  async apply(yaml: string): Promise<void> {
    await this.run(['apply', '--server-side', '--force-conflicts', '-f', '-'], { input: yaml });
  }

  /** Keeps running; its output is the caller's to read. */
  start(args: readonly string[]): ChildProcess {
    const [program, ...rest] = this.argv(args);
    return spawn(program, rest, { stdio: ['pipe', 'pipe', 'ignore'] });
  }

  argv(args: readonly string[]): readonly string[] {
    return [PROGRAM, '--namespace', this.namespace, ...args];
  }
}

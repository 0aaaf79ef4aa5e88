/** Other programs, run to their end. */
import { spawn } from 'node:child_process';

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string;
  readonly timeoutMs?: number;
  readonly env?: NodeJS.ProcessEnv;
  /** Its output goes to this process' stderr as it comes. */
  readonly show?: boolean;
}

/** Runs it, whatever its exit code. */
export function outcomeOf(argv: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(argv[0], argv.slice(1), {
      env: { ...process.env, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: options.timeoutMs,
      killSignal: 'SIGKILL',
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => options.show ? process.stderr.write(chunk) : stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => options.show ? process.stderr.write(chunk) : stderr.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 137, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }));
    // A program that does not read its input to the end tells by its exit code what it thinks of it.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
  });
}

/** Its output; rejects with what it said when it fails. */
export async function output(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await outcomeOf(argv, options);
  if (code !== 0) throw new Error(`${argv.join(' ')}: exit code ${code}\n${(stderr.trim() || stdout.trim()).slice(-2000)}`);
  return stdout;
}

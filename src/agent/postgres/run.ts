/** Runs PostgreSQL's own programs. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { PostgresPaths } from './types.js';

export interface Finished {
  /** null when it was killed by a signal. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Kills the program and what it has started; the promise then rejects with the signal's reason once all are gone. */
  readonly signal?: AbortSignal;
  /** Each line of stderr as it comes: progress of long work. */
  readonly onLine?: (line: string) => void;
}

/** Where one of PostgreSQL's programs lies. */
export function program(paths: PostgresPaths, name: string): string {
  return paths.binDir === undefined ? name : join(paths.binDir, name);
}

/** The same program under the data directory's lock: it, and whatever it starts, excludes every server (I37). */
export function underLock(paths: PostgresPaths, command: readonly string[]): [string, ...string[]] {
  return [paths.guard, 'lock-exec', '--lock', paths.lockFile, '--', ...command];
}

/** pgguard's exit code when another process holds the lock. */
export const LOCKED = 75;

/** Our environment without PGDATA, PGUSER and the like, which would speak for paths we did not choose; messages in English, as we read them. */
export function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(PG|LC_|LANG$|LANGUAGE$)/.test(name));
  return { ...Object.fromEntries(kept), LC_ALL: 'C' };
}

/** Resolves when the program has ended, however it ended. */
export function run(command: readonly [string, ...string[]], options: RunOptions = {}): Promise<Finished> {
  const { signal, onLine } = options;
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const child = spawn(command[0], command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'], env: environment(), detached: true });
    let stdout = '';
    const stderr: string[] = [];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    createInterface({ input: child.stderr }).on('line', (line) => {
      stderr.push(line);
      onLine?.(line);
    });
    // Its whole group: pg_basebackup has a child that goes on receiving WAL, and holds the lock, when only its parent is killed.
    const abort = () => {
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) process.kill(-child.pid, 'SIGKILL');
    };
    signal?.addEventListener('abort', abort);
    child.on('error', (error) => {
      signal?.removeEventListener('abort', abort);
      reject(new Error(`cannot run ${command[0]}: ${error.message}`));
    });
    child.on('close', (code) => {
      signal?.removeEventListener('abort', abort);
      if (signal?.aborted) reject(signal.reason);
      else resolve({ code, stdout, stderr: stderr.join('\n') });
    });
  });
}

/** For programs that are expected to succeed. */
export async function runOrThrow(command: readonly [string, ...string[]], options: RunOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await run(command, options);
  if (code !== 0) throw new Error(`${command.join(' ')} ${code === null ? 'was killed' : `exited with ${code}`}: ${stderr || stdout}`);
  return stdout;
}

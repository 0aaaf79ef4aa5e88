/** The one PostgreSQL server of a data directory, as a child process of the agent. */
import { spawn, type ChildProcess } from 'node:child_process';
import { access, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { configFile } from './config.js';
import { unlessAbsent } from '../files.js';
import { killLockHolders } from './lock.js';
import { waitForPromotion } from './promotion.js';
import { environment, LOCKED, program, underLock } from './run.js';
import { forwardLog } from './server-log.js';
import type { PostgresExit, PostgresPaths, Role, ServerState } from './types.js';

/**
 * What runs under the lock before the server replaces the shell, keeping its pid. Only there is postmaster.pid known to be stale (I37): the
 * pid in it may be anybody's in a new container, and PostgreSQL would refuse to start. A standby is made one in the same breath.
 */
const BECOME = {
  primary: 'rm -f "$1/postmaster.pid" && shift && exec "$@"',
  standby: 'rm -f "$1/postmaster.pid" && : > "$1/standby.signal" && shift && exec "$@"',
};

export class PostgresServer {
  private child: ChildProcess | null = null;
  private role: Role = 'standby';
  private stopping = false;
  private lastExit: PostgresExit | null = null;
  private readonly exitListeners: ((exit: PostgresExit) => void)[] = [];
  private readonly lineListeners: ((line: string) => void)[] = [];

  constructor(private readonly paths: PostgresPaths, private readonly log: Logger) {}

  state(): ServerState {
    if (this.child === null) return { kind: 'stopped', lastExit: this.lastExit };
    return { kind: 'running', role: this.role, pid: this.child.pid!, stopping: this.stopping };
  }

  onExit(listener: (exit: PostgresExit) => void): void {
    this.exitListeners.push(listener);
  }

  /** Each line of the server's log: some things PostgreSQL tells nowhere else. */
  onLine(listener: (line: string) => void): void {
    this.lineListeners.push(listener);
  }

  /** Resolves once the process is there, long before it takes connections; its configuration must have been written. */
  async start(role: Role): Promise<void> {
    if (this.child !== null) throw new Error(`PostgreSQL runs already, as pid ${this.child.pid}`);
    if (role === 'primary') await this.refuseSignalFiles();
    const { pgdata } = this.paths;
    const [guard, ...args] = underLock(this.paths, [
      '/bin/sh', '-c', BECOME[role], 'sh', pgdata,
      program(this.paths, 'postgres'), '-D', pgdata, '-c', `config_file=${configFile(this.paths)}`,
    ]);
    const child = spawn(guard, args, { stdio: ['ignore', 'pipe', 'pipe'], env: environment() });
    this.child = child;
    this.role = role;
    this.stopping = false;
    for (const stream of [child.stdout, child.stderr]) {
      forwardLog(stream, this.log, (line) => this.lineListeners.forEach((listener) => listener(line)));
    }
    child.on('exit', (code, signal) => this.exited(code, signal));
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (error) => {
        this.child = null;
        reject(new Error(`cannot start ${guard}: ${error.message}`));
      });
    });
    this.log.info({ role, pid: child.pid }, 'PostgreSQL started');
  }

  /** 'stopped': every process of it is gone. 'timeout': it goes on stopping. */
  async stop(mode: 'fast' | 'immediate', timeoutMs: number): Promise<'stopped' | 'timeout'> {
    const { child } = this;
    if (child !== null) {
      this.stopping = true;
      child.kill(mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
      if (!await exitsWithin(child, timeoutMs)) return 'timeout';
    }
    await this.ensureGone();
    return 'stopped';
  }

  /** Kills the postmaster and every process that holds the lock, a busy backend too; resolves when the lock is free (I32). */
  async kill(): Promise<void> {
    const { child } = this;
    if (child !== null) {
      this.stopping = true;
      child.kill('SIGKILL');
      await exitsWithin(child, Number.POSITIVE_INFINITY);
    }
    await this.ensureGone();
  }

  /** After an exit: the postmaster's death is not its backends' (I6). Rejects when the lock is held where we cannot kill. */
  async ensureGone(): Promise<void> {
    if (this.child !== null) throw new Error(`PostgreSQL still runs, as pid ${this.child.pid}`);
    await killLockHolders(this.paths);
  }

  reload(): void {
    this.child?.kill('SIGHUP');
  }

  /** Resolves with the new timeline once it takes writes. Cannot be undone: after an abort the server must be stopped. */
  async promote(signal: AbortSignal): Promise<{ timeline: number }> {
    const { child } = this;
    if (child === null) throw new Error('there is no server to promote');
    // As pg_promote() does it, without waiting for a connection.
    await writeFile(join(this.paths.pgdata, 'promote'), '', { mode: 0o600 });
    child.kill('SIGUSR1');
    const promoted = await waitForPromotion(this.paths, AbortSignal.any([signal, exitOf(child)]));
    this.role = 'primary';
    return promoted;
  }

  private async refuseSignalFiles(): Promise<void> {
    for (const name of ['standby.signal', 'recovery.signal']) {
      const found = await access(join(this.paths.pgdata, name)).then(() => true, unlessAbsent);
      if (found) throw new Error(`${this.paths.pgdata} has ${name}: it last ran as a standby and becomes a primary by promotion only`);
    }
  }

  private exited(code: number | null, signal: NodeJS.Signals | null): void {
    const exit: PostgresExit = signal !== null ? { kind: 'killed', signal } : code === LOCKED ? { kind: 'locked' } : { kind: 'exited', code: code! };
    this.child = null;
    this.lastExit = exit;
    this.log.info({ exit, asked: this.stopping }, 'PostgreSQL ended');
    for (const listener of this.exitListeners) listener(exit);
  }
}

function exitsWithin(child: ChildProcess, timeoutMs: number): Promise<boolean> {
  if (hasExited(child)) return Promise.resolve(true);
  return new Promise((resolve) => {
    const timer = Number.isFinite(timeoutMs) ? setTimeout(() => resolve(false), timeoutMs) : undefined;
    child.once('exit', () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}

function exitOf(child: ChildProcess): AbortSignal {
  const gone = new AbortController();
  const abort = () => gone.abort(new Error('PostgreSQL ended while it was being promoted'));
  if (hasExited(child)) abort();
  else child.once('exit', abort);
  return gone.signal;
}

function hasExited(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

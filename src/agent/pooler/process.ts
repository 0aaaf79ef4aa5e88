/** The one pgBouncer of a pod, as a child process of the agent. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Logger } from 'pino';
import { iniFile, type PoolerPaths } from './ini.js';
import { environment } from '../postgres/run.js';

type Level = 'debug' | 'info' | 'warn' | 'error';
/** `2026-01-02 03:04:05.678 UTC [9] LOG the rest` */
const LINE = /^\S+ \S+ \S+ \[\d+\] (NOISE|DEBUG|LOG|WARNING|ERROR|FATAL) (.*)$/;
const LEVELS: Readonly<Record<string, Level>> = { NOISE: 'debug', DEBUG: 'debug', LOG: 'info', WARNING: 'warn', ERROR: 'error', FATAL: 'error' };
/** About its configuration; other errors are those of single clients and servers. */
const OF_CONFIGURATION = /configuration|config file|unknown parameter|TLS/;

export class PgBouncerProcess {
  #child: ChildProcess | null = null;
  #complaints: string[] = [];
  #ended: (why: string) => void = () => undefined;

  constructor(private readonly paths: PoolerPaths, private readonly log: Logger) {}

  get running(): boolean { return this.#child !== null; }

  /** Called with why, whenever it has ended; also when it was told to. */
  onEnd(listener: (why: string) => void): void {
    this.#ended = listener;
  }

  /** Resolves once the process is there, before it takes connections. */
  async start(): Promise<void> {
    if (this.#child !== null) throw new Error('pgBouncer runs already');
    this.#complaints = [];
    const child = spawn('pgbouncer', [iniFile(this.paths)], { stdio: ['ignore', 'pipe', 'pipe'], env: environment() });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) this.#forward(stream);
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (error) => {
        this.#child = null;
        reject(new Error(`cannot start pgbouncer: ${error.message}; the image must have it on its PATH`));
      });
    });
    child.once('close', (code, signal) => {
      this.#child = null;
      this.#ended(`pgBouncer ended (${signal ?? `exit code ${code}`})${this.#complaints.length > 0 ? `: ${this.#complaints.join('; ')}` : ''}`);
    });
    this.log.info({ pid: child.pid }, 'pgBouncer started');
  }

  /** What it has said against its configuration since it was started or made to forget. */
  get complaints(): readonly string[] { return this.#complaints; }

  forgetComplaints(): void {
    this.#complaints = [];
  }

  /**
   * It takes no new connection from now on, ends each client with its transaction (in the mode `session`: with its session) and then itself.
   * After `patience` milliseconds it ends at once.
   */
  async drain(patience: number): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    const gone = new Promise<void>((resolve) => { child.once('close', () => resolve()); });
    child.kill('SIGINT');
    const timer = setTimeout(() => {
      this.log.warn({ afterMs: patience }, 'clients still have servers: pgBouncer is ended all the same');
      child.kill('SIGQUIT');
    }, patience);
    await gone;
    clearTimeout(timer);
  }

  #forward(stream: Readable): void {
    createInterface({ input: stream }).on('line', (line) => {
      const [, severity = 'LOG', message = line] = LINE.exec(line) ?? [];
      this.log[LEVELS[severity] ?? 'info']({ source: 'pgbouncer' }, message);
      if ((severity === 'ERROR' && OF_CONFIGURATION.test(message)) || severity === 'FATAL') this.#complaints.push(message);
    });
  }
}

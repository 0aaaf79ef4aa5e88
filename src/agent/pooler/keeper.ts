/** Keeps one pgBouncer right: its certificate, its settings, and the primary that it sends its clients to. */
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { PoolerPairs } from './certificates.js';
import type { Console } from './console.js';
import { iniFile, renderIni, type PoolerPaths } from './ini.js';
import type { PrimaryProbe } from './primary-probe.js';
import type { PgBouncerProcess } from './process.js';
import type { ClientTlsSpec, PoolerSpec } from '../../contract/spec.js';
import { decidePooling, type PoolingAction, type Reign } from '../core/pooling.js';
import type { Milliseconds } from '../core/types.js';
import { messageOf, replaceFile } from '../files.js';
import { formatHolder } from '../kube/lease.js';
import type { LeaseReading } from '../kube/types.js';
import type { Clock } from '../ports.js';
import type { ProblemBoard } from '../problems.js';

/** While clients wait for a primary. */
const SOON = 50;
const LATER = 500;
const LIVE_WITHIN = 30_000;
/** Between two starts of a pgBouncer that does not stay. */
const BETWEEN_STARTS = 2_000;
/** What it logs of a RELOAD has come through its pipe by then. */
const LOG_COMES_WITHIN = 200;

export interface PoolerContext {
  readonly paths: PoolerPaths;
  readonly process: PgBouncerProcess;
  readonly console: Console;
  readonly probe: PrimaryProbe;
  readonly clock: Clock;
  readonly problems: ProblemBoard;
  readonly log: Logger;
  readonly pooler: () => PoolerSpec | null;
  readonly clientTls: () => ClientTlsSpec;
  readonly longestPause: () => Milliseconds;
  /** The DNS name of an instance's pod; null for one that the spec does not know. */
  readonly hostOf: (instance: string) => string | null;
}

export class PoolerKeeper {
  #pairs: PoolerPairs | null = null;
  #pairsWritten = false;
  /** A file has changed since pgBouncer has read them. */
  #unread = false;
  /** undefined: the Lease was never read. */
  #reign: Reign | null | undefined = undefined;
  #pointedTo: Reign | null = null;
  #pausedSince: number | null = null;
  #pauseSpent = false;
  #answers = false;
  #startedAt = -Infinity;
  #passedAt: number;
  #wake = new AbortController();

  constructor(private readonly context: PoolerContext) {
    this.#passedAt = context.clock.now();
    context.process.onEnd((why) => this.#ended(why));
  }

  /** Why it does not serve; null when pgBouncer answers. */
  get unready(): string | null {
    if (this.#answers) return null;
    const waiting = this.context.problems.current.map(({ message }) => message);
    return waiting.length > 0 ? waiting.join('; ') : 'pgBouncer does not answer yet';
  }

  /** A loop that has not passed for this long is stuck. */
  get isLive(): boolean {
    return this.context.clock.now() - this.#passedAt < LIVE_WITHIN;
  }

  get status(): object {
    return {
      pgbouncer: this.context.process.running ? 'running' : 'waiting',
      primary: this.#pointedTo?.instance ?? null,
      leader: this.#reign?.instance ?? null,
      pausedForMs: this.#pausedSince === null ? null : Math.round(this.context.clock.now() - this.#pausedSince),
    };
  }

  wake(): void {
    this.#wake.abort();
  }

  certificatesAre(pairs: PoolerPairs): void {
    this.#pairs = pairs;
    this.#pairsWritten = false;
    this.wake();
  }

  /** What is silent or unreadable changes nothing. */
  leaseIs(reading: LeaseReading): void {
    this.context.problems.set('LeaseProblem', reading.kind === 'unreadable' ? reading.why : null);
    if (reading.kind === 'unreadable') return;
    const before = this.#reign?.id;
    this.#reign = reading.kind === 'absent' ? null : reignOf(reading);
    if (this.#reign?.id !== before) this.wake();
  }

  async keep(signal: AbortSignal): Promise<void> {
    const { clock, problems } = this.context;
    while (!signal.aborted) {
      this.#wake = new AbortController();
      this.#passedAt = clock.now();
      try {
        await this.#configure();
        await this.#follow();
        await this.#ask();
      } catch (error) {
        problems.set('PgBouncer', messageOf(error));
      }
      await clock.sleep(this.#pausedSince === null ? LATER : SOON, AbortSignal.any([signal, this.#wake.signal]));
    }
    this.context.console.close();
    this.context.probe.close();
  }

  /** Certificates and settings of a pgBouncer that runs. */
  async #configure(): Promise<void> {
    const { process, problems, pooler } = this.context;
    const settings = pooler()?.settings ?? null;
    problems.set('PoolerMissing', settings === null ? 'the spec has no pooler: apply the synthesized manifests again' : null);
    if (this.#pairs === null || this.#pairsWritten && !process.running) return;
    if (!this.#pairsWritten) {
      // Before they are written: others may come meanwhile.
      this.#pairsWritten = true;
      if (await this.#writeCertificates(this.#pairs)) this.#unread = true;
    }
    if (!process.running || this.#pointedTo === null) return;
    if (settings !== null) await this.#writeIni(this.#pointedTo.instance, settings);
    if (this.#unread) await this.#reload({ primary: this.#pointedTo.instance });
  }

  async #writeCertificates({ own, given }: PoolerPairs): Promise<boolean> {
    const { directory } = this.context.paths;
    const { certificate, key, authority, serverAuthority = authority } = own;
    const toClients = given ?? own;
    const differed = [
      await replaceFile(join(directory, 'ca.crt'), authority),
      await replaceFile(join(directory, 'server-ca.crt'), serverAuthority),
      await replaceFile(join(directory, 'pooler.crt'), certificate),
      await replaceFile(join(directory, 'pooler.key'), key),
      await replaceFile(join(directory, 'client-side.crt'), toClients.certificate),
      await replaceFile(join(directory, 'client-side.key'), toClients.key),
    ];
    return differed.includes(true);
  }

  async #follow(): Promise<void> {
    const { clock, problems, probe, hostOf } = this.context;
    const reign = this.#reign;
    if (this.#pairs === null || reign === undefined) return;
    const decide = (serves: boolean): PoolingAction => decidePooling({
      now: clock.now(), reign, serves, pointedTo: this.#pointedTo?.id ?? null, pausedSince: this.#pausedSince, longestPause: this.context.longestPause(),
      pauseSpent: this.#pauseSpent,
    });
    // First hold the clients back: asking a server that is gone may take its time.
    await this.#act(decide(false));
    if (reign === null || reign.id === this.#pointedTo?.id) {
      problems.set('NoPrimary', reign === null ? 'no instance holds the cluster\'s Lease' : null);
      return;
    }
    const host = hostOf(reign.instance);
    const why = host === null ? `instance ${reign.instance} leads, and the spec does not know it` : await probe.why(host, this.#pairs.own);
    problems.set('NoPrimary', why);
    if (why !== null) return;
    await this.#act(decide(true));
    await this.#act(decide(true));
  }

  async #act(action: PoolingAction): Promise<void> {
    const { clock, console, log, probe } = this.context;
    switch (action.do) {
      case 'wait':
        return;
      case 'pause':
        await console.pause();
        this.#pausedSince = clock.now();
        log.info({ decision: 'pause' }, 'the primary is gone or another: clients are held back');
        return;
      case 'point':
        await this.#point(action.reign);
        return probe.close();
      case 'resume': {
        const heldBackMs = Math.round(clock.now() - (this.#pausedSince ?? clock.now()));
        await console.resume();
        this.#pausedSince = null;
        this.#pauseSpent = action.spent;
        log.info({ decision: 'resume', heldBackMs }, action.spent ? 'no primary was found in time: clients are told so' : 'clients go on');
      }
    }
  }

  async #point(reign: Reign): Promise<void> {
    const { process, console, clock, log, pooler } = this.context;
    const settings = pooler()?.settings ?? null;
    if (settings === null || !process.running && clock.now() - this.#startedAt < BETWEEN_STARTS) return;
    log.info({ decision: 'point', instance: reign.instance }, `clients are sent to instance ${reign.instance}`);
    await this.#writeIni(reign.instance, settings);
    if (process.running) {
      await this.#reload({ primary: reign.instance });
      // The same name may be another server: what was connected to it before is left.
      await console.ask('RECONNECT');
    } else {
      this.#startedAt = clock.now();
      await process.start();
      this.#unread = false;
    }
    this.#pointedTo = reign;
    this.#pauseSpent = false;
  }

  async #writeIni(instance: string, settings: PoolerSpec['settings']): Promise<void> {
    const { hostOf, clientTls, paths } = this.context;
    const host = hostOf(instance);
    if (host === null) return;
    const ini = renderIni(paths, { host, settings, clientTls: clientTls(), anyName: this.#pairs?.own.serverAuthority !== undefined });
    if (await replaceFile(iniFile(paths), ini)) this.#unread = true;
  }

  /** The console calls a RELOAD that failed a success; only the log tells. */
  async #reload(why: object): Promise<void> {
    const { process, console, problems, log } = this.context;
    process.forgetComplaints();
    await console.ask('RELOAD');
    this.#unread = false;
    log.info({ decision: 'reload', ...why }, 'pgBouncer reads its configuration again');
    setTimeout(() => {
      const { complaints } = process;
      problems.set('PgBouncerConfiguration', complaints.length === 0 ? null : `pgBouncer goes on with what it had: ${complaints.join('; ')}`);
    }, LOG_COMES_WITHIN);
  }

  async #ask(): Promise<void> {
    const { process, console, problems } = this.context;
    if (!process.running) return;
    try {
      await console.ask('SHOW VERSION');
      this.#answers = true;
      problems.set('PgBouncer', null);
    } catch (error) {
      this.#answers = false;
      // A process that has just been started does not listen yet.
      if (this.context.clock.now() - this.#startedAt > BETWEEN_STARTS) throw error;
    }
  }

  #ended(why: string): void {
    this.#answers = false;
    this.#pointedTo = null;
    this.#pausedSince = null;
    this.context.console.close();
    this.context.problems.set('PgBouncer', why);
    this.wake();
  }
}

function reignOf({ record }: LeaseReading & { readonly kind: 'present' }): Reign | null {
  if (record.holder === null) return null;
  return { instance: record.holder.instance, id: `${record.term}/${formatHolder(record.holder)}` };
}


/**
 * The PostgreSQL of this instance, as the loop wants it: what is seen of it, and each action on it as one call.
 *
 * It holds no judgement. What runs, how it is configured and where its files lie is in ../postgres.
 */
import type { Logger } from 'pino';
import type { Lsn, StopMode } from '../core/types.js';
import type { LocalPostgres, LocalView } from '../ports.js';
import { closeArchiveHole, completePromotion } from './after-promotion.js';
import { CopyChoice } from './copy-choice.js';
import { readData } from './data.js';
import { Observer } from './seen.js';
import type { LocalSettings } from './settings.js';
import { StartWatch } from './start-watch.js';
import { baseBackup, clone, type CopyMethod } from '../postgres/clone.js';
import { writeConfig } from '../postgres/config.js';
import { readControlData } from '../postgres/controldata.js';
import { forgetSkippedTimelines, skipTimelines } from '../postgres/history.js';
import { ensurePrivateDirectory, initdb } from '../postgres/initdb.js';
import { isLockFree } from '../postgres/lock.js';
import { noLongerFresh } from '../postgres/marker.js';
import { moveAside } from '../postgres/move-aside.js';
import { LocalProbe } from '../postgres/probe.js';
import { rewind, RewindError } from '../postgres/rewind.js';
import { PostgresServer } from '../postgres/server.js';
import { slotName } from '../postgres/slots.js';
import type { PostgresExit, PostgresPaths, Role, Upstream } from '../postgres/types.js';
import { clearHandover } from '../postgres/wal-handover.js';
import { copyFromRepo } from '../restore/replica.js';
import { refuseUsedArchive, restore } from '../restore/restore.js';
import { Turns } from '../turns.js';

/** How long a fast stop may take before the caller is told that it goes on; the loop decides what then. */
const STOP_TAKES = 3_600_000;
/** How often a standby is asked whether it has replayed what was handed over. */
const REPLAY_POLL = 10;

/** How often a data directory that cannot be used is looked at again, in milliseconds. */
const REREAD = 5_000;

export class SupervisedPostgres implements LocalPostgres {
  readonly server: PostgresServer;
  #probe: LocalProbe;
  #view: LocalView = { data: { kind: 'unknown' }, postgres: { kind: 'stopped', lockFree: false } };
  #observer: Observer;
  #died: () => void = () => undefined;
  #changed: () => void = () => undefined;
  #refreshing: Promise<void> | null = null;
  /** An action changes the data directory or the server; looking at it meanwhile would show something in between. */
  #working = 0;
  readonly #configuration = new Turns();
  #lastLsn: Lsn | null = null;
  #replayed: Lsn | null = null;
  #pendingRestart: readonly string[] = [];
  /** What is in PostgreSQL's configuration. */
  #given: Readonly<Record<string, string>> = {};
  readonly #startWatch: StartWatch;
  readonly #copies = new CopyChoice();
  /** When the data directory was last read. */
  #readAt = -Infinity;

  constructor(private readonly paths: PostgresPaths, private readonly settings: LocalSettings, private readonly log: Logger, private readonly now: () => number) {
    this.server = new PostgresServer(paths, log);
    this.#probe = new LocalProbe(paths);
    this.#observer = new Observer(paths);
    this.#startWatch = new StartWatch(settings);
    this.server.onLine((line) => this.#noteLogLine(line));
    this.server.onExit((exit) => void this.#ended(exit));
  }

  get view(): LocalView { return this.#view; }

  /** What a standby shows to its readers; null when there is none that answers. */
  get replayed(): Lsn | null { return this.#replayed; }

  /** Settings that were changed and wait for a restart. */
  get pendingRestart(): readonly string[] { return this.#pendingRestart; }

  onDeath(listener: () => void): void {
    this.#died = listener;
  }

  /** Called when a look out of turn has shown something new. */
  onChange(listener: () => void): void {
    this.#changed = listener;
  }

  /** PostgreSQL's log says so and nothing else does. */
  #noteLogLine(line: string): void {
    if (/requested WAL segment \w+ has already been removed|replication slot .* has been invalidated/.test(line)) {
      this.#observer.walWasRemoved();
    }
    this.#startWatch.logs(line);
  }

  refresh(): Promise<void> {
    this.#refreshing ??= this.#look().finally(() => { this.#refreshing = null; });
    return this.#refreshing;
  }

  /** Writes the configuration of what runs now and reloads it when something changed. */
  async applySettings(): Promise<readonly string[]> {
    return this.#configuration.take(async () => {
      const state = this.server.state();
      const { upstream } = this.#observer;
      if (state.kind !== 'running') return [];
      // Not knowing where the upstream is just now is no reason to let go of it.
      if (upstream !== null && this.#upstreamOf(upstream) === null) return [];
      return this.#writeConfig(state.role, upstream);
    });
  }

  async startPrimary(): Promise<void> {
    await this.#start('primary', null);
  }

  async startStandby(upstream: string | null): Promise<void> {
    await this.#start('standby', upstream);
  }

  async follow(upstream: string): Promise<void> {
    if (this.#upstreamOf(upstream) === null) throw new Error(`instance ${upstream} has no address yet`);
    await clearHandover(this.paths);
    await this.#configuration.take(async () => {
      await this.#writeConfig('standby', upstream);
      this.#observer.pointedAt(upstream, this.now());
    });
    await this.#lookAgain();
  }

  async promote(timeline: number, signal: AbortSignal): Promise<void> {
    const { postgres } = this.#view;
    if (postgres.kind !== 'standby') throw new Error(`PostgreSQL is ${postgres.kind}: there is no standby to promote`);
    await skipTimelines(this.paths, postgres.position.timeline, timeline);
    await this.server.promote(signal);
    this.#observer.pointedAt(null, this.now());
    await this.#lookAgain();
    // Off the critical path.
    void completePromotion(this.paths, this.settings, () => this.#configure('primary', null), this.log);
  }

  async stop(mode: StopMode): Promise<void> {
    if (mode === 'kill') {
      await this.server.kill();
    } else {
      const as = this.#roleNow();
      this.#view = { ...this.#view, postgres: { kind: 'stopping', as } };
      if (await this.server.stop(mode, STOP_TAKES) === 'timeout') throw new Error(`PostgreSQL has not stopped within ${STOP_TAKES} ms`);
    }
    await this.#gone();
  }

  async initdb(): Promise<void> {
    await this.#work(async () => {
      await this.settings.credentials();
      await initdb(this.paths, this.log, AbortSignal.timeout(300_000));
    });
  }

  async restore(signal: AbortSignal): Promise<void> {
    await this.#work(async () => {
      await this.settings.credentials();
      const { source, bootstrap } = await this.settings.bootstrap();
      const own = await this.settings.ownStanza();
      if (own !== null) await refuseUsedArchive(own, signal);
      await this.#configure('primary', null);
      await restore(this.paths, source, bootstrap, this.log, signal);
    });
  }

  async clone(upstream: string, signal: AbortSignal): Promise<void> {
    const address = this.#upstreamOf(upstream);
    const systemId = this.settings.systemId();
    if (address === null || systemId === null) throw new Error(`instance ${upstream} cannot be cloned from yet: ${address === null ? 'it has no address' : 'the system id is not known'}`);
    await this.#work(async () => {
      await this.settings.credentials();
      const source = { upstream: address, slot: slotName(this.settings.instance), systemId, applicationName: this.settings.instance };
      const { method } = await clone(this.paths, source, await this.#copyMethods(), this.log, signal);
      this.#copies.made(method);
    });
  }

  async #copyMethods(): Promise<readonly CopyMethod[]> {
    const own = await this.settings.ownStanza();
    const fromRepo = own === null ? [] : [copyFromRepo(own, () => this.#configure('primary', null))];
    return this.#copies.among([...fromRepo, baseBackup]);
  }

  async rewind(upstream: string, signal: AbortSignal): Promise<string | null> {
    const address = this.#upstreamOf(upstream);
    const systemId = this.settings.systemId();
    if (address === null || systemId === null) throw new Error(`instance ${upstream} cannot be rewound to yet`);
    return this.#work(async () => {
      await this.#configure('standby', upstream);
      try {
        const { divergedBytes, savedTo } = await rewind(this.paths, { upstream: address, systemId }, this.log, signal);
        this.log.info({ divergedBytes: String(divergedBytes), savedTo }, 'rewound');
        return null;
      } catch (error) {
        if (error instanceof RewindError && error.kind !== 'sourceUnavailable') return error.message;
        throw error;
      }
    });
  }

  async setAside(): Promise<void> {
    await this.#work(() => moveAside(this.paths, this.log));
  }

  async fetchHandover(from: string, range: { timeline: number; start: Lsn; end: Lsn }, signal: AbortSignal): Promise<void> {
    await this.settings.receiveHandover(from, range);
    this.server.reload(); // Wakes the startup process, which then asks restore_command.
    while (!signal.aborted) {
      await this.#lookAgain();
      const { postgres } = this.#view;
      if (postgres.kind !== 'standby' || postgres.position.lsn >= range.end) return;
      await new Promise((resolve) => setTimeout(resolve, REPLAY_POLL));
    }
  }

  async close(): Promise<void> {
    await this.#probe.close();
  }

  async #start(role: Role, upstream: string | null): Promise<void> {
    await this.settings.credentials();
    await clearHandover(this.paths);
    await this.#configure(role, upstream);
    // Where CREATE TABLESPACE, or its replay, finds nothing, it fails; and in recovery that is the end of the server.
    for (const directory of Object.values(this.paths.tablespaces)) await ensurePrivateDirectory(directory);
    await noLongerFresh(this.paths);
    // Its agent may have died between the promotion and what follows it, and a start that recovers ends with a checkpoint.
    if (role === 'primary') await closeArchiveHole(this.paths, this.settings);
    else await forgetSkippedTimelines(this.paths, (await readControlData(this.paths)).timeline);
    this.#observer.pointedAt(upstream, this.now());
    this.#view = { ...this.#view, postgres: { kind: 'starting', as: role } };
    this.#startWatch.starts(this.#given);
    try {
      await this.server.start(role);
    } catch (error) {
      this.#startWatch.givenUp();
      this.#view = { ...this.#view, postgres: { kind: 'stopped', lockFree: false } };
      throw error;
    }
  }

  async #configure(role: Role, upstream: string | null): Promise<string[]> {
    return this.#configuration.take(() => this.#writeConfig(role, upstream));
  }

  /** Only in its turn: another would write the same files. */
  async #writeConfig(role: Role, upstream: string | null): Promise<string[]> {
    const { instance, major, osUser } = this.settings;
    const standbyFloor = role === 'standby' ? (await readControlData(this.paths)).standbyFloor : {};
    const parameters = await this.settings.parameters();
    const { changed, ignored } = await writeConfig(this.paths, {
      major, instance, osUser, role, standbyFloor, parameters, stanza: this.settings.stanza(), hba: this.settings.hba(),
      readOnly: role === 'primary' && this.settings.readOnly(),
      upstream: upstream === null ? null : this.#upstreamOf(upstream),
    });
    this.#given = parameters;
    if (changed) this.server.reload();
    return ignored;
  }

  #upstreamOf(instance: string): Upstream | null {
    return this.settings.upstream(instance);
  }

  #roleNow(): Role {
    const { postgres } = this.#view;
    switch (postgres.kind) {
      case 'primary': return 'primary';
      case 'standby': return 'standby';
      case 'starting':
      case 'stopping':
      case 'unresponsive': return postgres.as;
      case 'stopped': return 'standby';
    }
  }

  /** The postmaster ended. Its death is not its backends': only the free lock means that PostgreSQL is gone (I32). */
  async #ended(exit: PostgresExit): Promise<void> {
    const asked = this.#view.postgres.kind === 'stopping';
    this.#view = { data: { kind: 'unknown' }, postgres: { kind: 'stopped', lockFree: false } };
    if (exit.kind === 'locked' || asked) {
      this.#startWatch.givenUp();
      return;
    }
    // First that it died, then what is left: nobody may take the stopped server for one that was stopped on purpose.
    this.#died();
    await this.#work(async () => {
      await this.server.ensureGone();
      this.#startWatch.ended(exit);
    }).catch((error: unknown) => {
      this.log.error({ err: error }, 'what is left of PostgreSQL cannot be ended');
    });
    this.#changed();
  }

  async #gone(): Promise<void> {
    await this.server.ensureGone();
    this.#view = { data: { kind: 'unknown' }, postgres: { kind: 'stopped', lockFree: true } };
    await this.#lookAgain();
  }

  /**
   * Nothing is looked at while the work goes on; afterwards everything is looked at anew. While what is left of a server is being killed, for
   * example, the lock must not be seen free: whoever started then would be killed with it.
   */
  async #work<T>(work: () => Promise<T>): Promise<T> {
    this.#working += 1;
    try {
      return await work();
    } finally {
      this.#working -= 1;
      this.#view = { ...this.#view, data: { kind: 'unknown' } };
      await this.#lookAgain();
    }
  }

  async #lookAgain(): Promise<void> {
    await this.#refreshing;
    await this.refresh();
  }

  async #look(): Promise<void> {
    if (this.#working > 0) return;
    const state = this.server.state();
    if (state.kind === 'stopped') {
      await this.#lookStopped();
      return;
    }
    if (state.stopping) return;
    const probe = await this.#probe.probe();
    const postgres = await this.#observer.see(this.#view.postgres, probe, state.role, this.now());
    const after = this.server.state();
    if (after.kind !== 'running' || after.stopping || after.pid !== state.pid) return;
    if (postgres.kind === 'primary') this.#lastLsn = postgres.position.lsn;
    if (postgres.kind === 'standby' && postgres.streaming) this.#copies.streams();
    this.#replayed = probe.kind === 'up' ? probe.replayLsn : null;
    if (probe.kind === 'up') {
      this.#pendingRestart = probe.pendingRestart;
      this.#startWatch.answers();
    }
    this.#view = { data: this.#view.data, postgres };
  }

  async #lookStopped(): Promise<void> {
    this.#replayed = null;
    this.#pendingRestart = [];
    const { postgres } = this.#view;
    const lockFree = postgres.kind === 'stopped' && postgres.lockFree ? true : await isLockFree(this.paths);
    let { data } = this.#view;
    if (lockFree && this.#isWorthReading(data)) {
      data = await readData(this.paths, this.settings.major, this.#lastLsn);
      this.#readAt = this.now();
    }
    if (this.server.state().kind === 'stopped') this.#view = { data, postgres: { kind: 'stopped', lockFree } };
  }

  /** What cannot be used is a person's to put right, who does so while this agent looks on. */
  #isWorthReading(data: LocalView['data']): boolean {
    if (data.kind === 'unknown') return true;
    const expected = this.settings.systemId();
    const unusable = data.kind === 'unusable' || (data.kind === 'present' && expected !== null && data.systemId !== expected);
    return unusable && this.now() - this.#readAt >= REREAD;
  }
}

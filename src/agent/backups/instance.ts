/** Backups as an instance sees them: its pgBackRest's configuration, its archiver, and, where there is no repo host, the backups of a leader. */
import { existsSync } from 'node:fs';
import type { Logger } from 'pino';
import { ArchiverWatch } from './archiver.js';
import { LEADER_CONFIG, writeConfiguration } from './configure.js';
import { ArchiveGate } from './gate.js';
import { readRepoKeys } from './keys.js';
import { PgBackRest } from './pgbackrest.js';
import { BackupRunner } from './runner.js';
import { StanzaKeeper } from './stanza.js';
import { UserOptionsKeeper } from './user-options.js';
import { ARCHIVE_GATE, FETCH_WANTED, PGBACKREST_CONFIG, PGBACKREST_DIR } from '../../contract/paths.js';
import type { ClusterSpec } from '../../contract/spec.js';
import type { InstanceStatus } from '../../contract/status.js';
import type { BackupHandler } from '../api/types.js';
import type { Snapshot } from '../core/types.js';
import type { Credentials } from '../credentials/types.js';
import type { Duty } from '../duties/duty.js';
import { messageOf } from '../files.js';
import type { ConfigFiles } from '../kube/config-files.js';
import type { Events, Secrets } from '../kube/types.js';
import { archiverMetrics, backupMetrics } from '../metrics/backups.js';
import type { Metrics } from '../metrics/registry.js';
import type { Clock } from '../ports.js';
import type { PostgresPaths } from '../postgres/types.js';
import type { ProblemBoard } from '../problems.js';

export interface InstanceBackupsContext {
  readonly instance: string;
  readonly namespace: string;
  readonly paths: PostgresPaths;
  readonly secrets: Secrets;
  readonly files: ConfigFiles;
  readonly spec: () => ClusterSpec;
  readonly snapshot: () => Snapshot | null;
  /** As last read: pgBackRest's certificate may come after the others, and is renewed apart from them. */
  readonly credentials: () => Credentials | null;
  readonly clock: Clock;
  readonly events: Events;
  readonly problems: ProblemBoard;
  readonly metrics: Metrics;
  readonly log: Logger;
}

export class InstanceBackups {
  readonly #gate: ArchiveGate;
  readonly #archiver: ArchiverWatch;
  readonly #stanza: StanzaKeeper;
  readonly #runner: BackupRunner;
  readonly #options: UserOptionsKeeper;
  readonly #mounted = existsSync(PGBACKREST_DIR);
  #configured = false;
  /** Ends the backups that were begun as the leader. */
  #leading = new AbortController();

  constructor(private readonly context: InstanceBackupsContext) {
    this.#gate = new ArchiveGate({ gate: ARCHIVE_GATE, fetch: FETCH_WANTED });
    this.#archiver = new ArchiverWatch({ paths: context.paths, leads: () => this.#archives() });
    const { clock, events, problems, log } = context;
    this.#options = new UserOptionsKeeper(context.files, problems);
    this.#stanza = new StanzaKeeper({ clock, pgBackRest: () => (this.#makesBackups() ? this.#pgBackRest() : null), signal: () => this.#leading.signal });
    archiverMetrics(context.metrics, () => this.#archiver.view);
    backupMetrics(context.metrics, () => (this.#makesBackups() ? this.#stanza.info : null));
    this.#runner = new BackupRunner({ pgBackRest: () => this.#pgBackRest(), stanza: this.#stanza, events, problems, log, ended: () => this.#stanza.askAgain() });
  }

  /**
   * null: nothing is archived. Also in a pod that was made before there were backups, and has no volume for pgBackRest's files: the rollout
   * replaces it.
   */
  get stanza(): string | null {
    return this.#mounted ? this.context.spec().backups?.stanza ?? null : null;
  }

  get configuration(): Duty {
    return { name: 'BackupConfiguration', every: 5_000, run: () => this.#configure() };
  }

  /** What comes after the configuration. */
  get duties(): readonly Duty[] {
    return [this.#archiver, this.#stanza];
  }

  /** At every pass of the loop. */
  passed(snapshot: Snapshot): void {
    if (this.stanza !== null) this.#keepGate(snapshot);
    if (!this.#leads()) {
      this.#leading.abort(new Error(`instance ${this.context.instance} leads no longer`));
      this.#runner.forget();
    } else if (this.#leading.signal.aborted) {this.#leading = new AbortController();}
  }

  noteLogLine(line: string): void {
    this.#archiver.noteLogLine(line);
  }

  readonly handler: BackupHandler = (request, signal, onLine) => {
    const { backups } = this.context.spec();
    if (!this.#makesBackups()) return { refused: `instance ${this.context.instance} makes no backups now` };
    if (request.repo > backups!.repos.length) return { refused: `there is no repo ${request.repo}` };
    return this.#runner.backup(request, AbortSignal.any([signal, this.#leading.signal]), onLine);
  };

  status(): NonNullable<InstanceStatus['backups']> | null {
    const { backups } = this.context.spec();
    if (backups === undefined) return null;
    return { archiver: this.#archiver.view, ...this.#makesBackups() ? { ...this.#stanza.status(), running: this.#runner.running } : {} };
  }

  /** A gate that cannot be written runs out by itself, and then nothing is archived; it is no reason to end. */
  #keepGate(snapshot: Snapshot): void {
    try {
      this.#gate.update(snapshot, this.#archiver.failing);
      this.context.problems.set('ArchiveGate', null);
    } catch (error) {
      this.context.problems.set('ArchiveGate', `nothing is archived: ${messageOf(error)}`);
    }
  }

  async #configure(): Promise<void> {
    const { spec, namespace, instance, secrets } = this.context;
    const { backups, instances, objects } = spec();
    if (backups === undefined || this.stanza === null) return;
    const credentials = this.context.credentials();
    if (credentials === null || credentials.pgBackRest === null) throw new Error(`Secret ${backups.certificateSecret} has not been filled yet; nothing is archived before`);
    const keys = await readRepoKeys(secrets, backups.repos, false);
    const fqdn = (host: string) => `${host}.${namespace}.svc`;
    const options = await this.#options.read(backups);
    const input = { backups, keys, options, repoHost: backups.host === undefined ? null : fqdn(backups.host) };
    const others = instances.filter(({ name }) => name !== instance).map(({ pod }) => fqdn(`${pod}.${objects.instancesService}`));
    const changed = await writeConfiguration({ ...credentials.pgBackRest, authority: credentials.authority }, keys, [
      { ...input, place: { kind: 'instance' }, file: PGBACKREST_CONFIG },
      ...backups.host === undefined ? [{ ...input, place: { kind: 'leader' as const, others }, file: LEADER_CONFIG }] : [],
    ]);
    if (changed) this.#stanza.configurationChanged();
    this.#configured = true;
  }

  #pgBackRest(): PgBackRest {
    return new PgBackRest(LEADER_CONFIG, this.context.spec().backups!.stanza);
  }

  #leads(): boolean {
    const s = this.context.snapshot();
    return s !== null && s.postgres.kind === 'primary' && s.lease.kind === 'mine' && s.me.leavingSince === null;
  }

  #archives(): boolean {
    return this.stanza !== null && this.#leads();
  }

  #makesBackups(): boolean {
    const { backups } = this.context.spec();
    return backups !== undefined && backups.host === undefined && this.#configured && this.#leads();
  }
}

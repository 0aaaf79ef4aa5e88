/** What this folder will export, by module, while it is being written; removed when the modules are there. */
import type { Readable } from 'node:stream';
import type { Logger } from 'pino';
import type { Fork, Lsn } from '../core/types.js';
import type { ControlData, DataDirectory, PostgresExit, PostgresPaths, Probe, Role, ServerState, Upstream, WalEnd, WalRange } from './types.js';

export interface ControlDataModule {
  /** Only while it is not being written to is the answer sure; throws with a plain message. */
  readControlData(paths: PostgresPaths): Promise<ControlData>;
  /** `major`: of the spec. Never writes. */
  readDataDirectory(paths: PostgresPaths, major: string): Promise<DataDirectory>;
}

export interface HistoryModule {
  /** The forks that led to `timeline`, oldest first; [] for timeline 1. Throws when the history file is not in pg_wal. */
  readHistory(paths: PostgresPaths, timeline: number): Promise<Fork[]>;
}

/** identity.ts */
export interface IdentityModule {
  readIncarnation(paths: PostgresPaths, systemId: string): Promise<string | null>;
  /** A new incarnation; initdb and clone call it themselves. */
  writeIncarnation(paths: PostgresPaths, systemId: string): Promise<string>;
}

/** wal-end.ts: only when the lock is free. `from`: any LSN at or before the end, to read less. */
export interface WalEndModule {
  readWalEnd(paths: PostgresPaths, from?: Lsn): Promise<WalEnd>;
}

/** wal-handover.ts */
export interface WalHandoverModule {
  /** Old primary: a framed byte stream of the segments, for the body of the peer API's answer. */
  sendWal(paths: PostgresPaths, range: WalRange): Readable;
  /** Candidate: returns when all is fsynced in handoverDir; throws when the stream was cut or is malformed (nothing is then used). Reload the server afterwards. */
  receiveWal(paths: PostgresPaths, stream: AsyncIterable<Uint8Array>): Promise<{ files: string[]; bytes: number }>;
  /** At agent start, after promotion, and before following another upstream: a stale file would overwrite newer WAL. */
  clearHandover(paths: PostgresPaths): Promise<void>;
}

export interface ConfigInput {
  readonly major: string;
  /** The instance's name: application_name, cluster_name. */
  readonly instance: string;
  /** The user's settings. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly role: Role;
  /** null: no primary_conninfo (sealed, or nobody to follow). */
  readonly upstream: Upstream | null;
  /** The OS user that may log in as the superuser over the socket. */
  readonly osUser: string;
}
/** config.ts */
export interface ConfigModule {
  /** Atomic per file; `ignored`: parameters that the agent manages itself. Reload when `changed`. */
  writeConfig(paths: PostgresPaths, input: ConfigInput): Promise<{ changed: boolean; ignored: string[] }>;
}

/** server.ts: class PostgresServer(paths, log) */
export interface PostgresServer {
  /** Resolves once the process is spawned; writeConfig first. Rejects when it runs already. 'primary' is refused while standby.signal exists. */
  start(role: Role): Promise<void>;
  state(): ServerState;
  onExit(listener: (exit: PostgresExit) => void): void;
  /** 'timeout' leaves it stopping. 'stopped': every process is gone, the lock is free. */
  stop(mode: 'fast' | 'immediate', timeoutMs: number): Promise<'stopped' | 'timeout'>;
  /** SIGKILL to the postmaster and to everything that holds the lock file; resolves when the lock is free (I32). */
  kill(): Promise<void>;
  /** After an exit: kills what is left and resolves when the lock is free (I32). */
  ensureGone(): Promise<void>;
  reload(): void;
  /** Resolves with the new timeline when out of recovery. */
  promote(signal: AbortSignal): Promise<{ timeline: number }>;
}
/** server.ts */
export interface ServerModule {
  isLockFree(paths: PostgresPaths): Promise<boolean>;
}

/** probe.ts: class LocalProbe(paths) */
export interface LocalProbe {
  /** At most about a second. */
  probe(): Promise<Probe>;
  close(): Promise<void>;
}

/** initdb.ts */
export interface InitdbModule {
  /** Makes room first (unfinished initdb or clone only; refuses over data). Resolves with the new system id. */
  initdb(paths: PostgresPaths, log: Logger, signal: AbortSignal): Promise<{ systemId: string; incarnation: string }>;
}

/** move-aside.ts */
export interface MoveAsideModule {
  /** Renames PGDATA, WAL directory and tablespaces to <dir>.<timestamp>, keeping one older; deletes an unfinished initdb or clone. */
  moveAside(paths: PostgresPaths, log: Logger): Promise<{ movedTo: string | null }>;
}

/** clone.ts: system id is checked before anything is touched (I19); what is there is moved aside. */
export interface CloneModule {
  clone(
    paths: PostgresPaths, from: { upstream: Upstream; slot: string; systemId: string; applicationName: string }, log: Logger, signal: AbortSignal,
  ): Promise<{ incarnation: string }>;
}

/** rewind.ts */
export type RewindFailure = 'notPossible' | 'sourceUnavailable' | 'failed';
export declare class RewindError extends Error {
  readonly kind: RewindFailure;
}
export interface RewindModule {
  /** Source must be primary, with a checkpoint on `timeline` (I24; CHECKPOINT after promotion). Rejects with RewindError. */
  rewind(
    paths: PostgresPaths, source: { upstream: Upstream; timeline: number; systemId: string }, log: Logger, signal: AbortSignal,
  ): Promise<{ divergedBytes: bigint; savedTo: string | null }>;
}

/** local.ts */
export interface LocalModule {
  /** SQL as superuser over the socket; nothing of it is logged by the server. */
  withLocal<T>(paths: PostgresPaths, database: string, work: (query: unknown) => Promise<T>): Promise<T>;
  /** After a promotion, off the critical path; pg_rewind needs it (I24). */
  checkpoint(paths: PostgresPaths): Promise<void>;
}

/** bootstrap-sql.ts, users-databases.ts: primary only, idempotent. */
export interface SqlModule {
  ensureSystemRoles(paths: PostgresPaths): Promise<void>;
  reconcileUsersAndDatabases(paths: PostgresPaths, wanted: {
    users: readonly { name: string; password: string }[];
    databases: readonly { name: string; owner: string }[];
  }): Promise<{ changed: string[] }>;
}

/** slots.ts */
export interface SlotsModule {
  slotName(instance: string): string;
  /** `positions`: flushed LSN of each other listed instance, where known (used on standbys only). */
  reconcileSlots(paths: PostgresPaths, role: Role, others: readonly { instance: string; lsn: Lsn | null }[]): Promise<{ created: string[]; dropped: string[]; lost: string[] }>;
}

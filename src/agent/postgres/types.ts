/** The types that the modules of this folder and the agent's loop share. */
import type { Fork, Lsn } from '../core/types.js';

/** Where one PostgreSQL lies and how it is started. Explicit, so that tests can run several on one machine. */
export interface PostgresPaths {
  readonly pgdata: string;
  /** postgresql.conf, pg_hba.conf and pg_ident.conf, outside PGDATA so that a clone or a rewind leaves them alone. */
  readonly confDir: string;
  /** What the agent remembers: the marker of unfinished work and the incarnation. Same volume as PGDATA. */
  readonly stateDir: string;
  readonly handoverDir: string;
  /** server.crt server.key ca.crt replication.crt replication.key rewind.crt rewind.key */
  readonly certificatesDir: string;
  readonly socketDir: string;
  /** The flock that every process of this data directory inherits (I37). */
  readonly lockFile: string;
  /** On a WAL volume; pg_wal is then a link to it. */
  readonly walDir?: string;
  /** Directory of each tablespace, by name. */
  readonly tablespaces: Readonly<Record<string, string>>;
  /** Configuration of pgBackRest and the gates of archiving, in memory. */
  readonly pgBackRest: { readonly config: string; readonly gate: string; readonly fetch: string };
  /** The pgguard program. */
  readonly guard: string;
  /** Folder of postgres, initdb, pg_basebackup...; without it they are found on PATH. */
  readonly binDir?: string;
  readonly port: number;
}

/** What pg_controldata says. */
export interface ControlData {
  readonly systemId: string;
  readonly state: ClusterState;
  readonly pgControlVersion: number;
  readonly catalogVersion: number;
  /** Of the latest checkpoint. */
  readonly checkpointTimeline: number;
  readonly checkpointLsn: Lsn;
  readonly redoLsn: Lsn;
  readonly minRecoveryEndLsn: Lsn;
  readonly minRecoveryEndTimeline: number;
  /** The newer of the two timelines: after a promotion the checkpoint's lags behind. */
  readonly timeline: number;
  readonly segmentSize: number;
  readonly dataChecksums: boolean;
  /** max_connections and the other settings that a standby must not have lower than its primary. */
  readonly standbyFloor: Readonly<Record<string, number>>;
}

export type ClusterState =
  | 'starting up' | 'shut down' | 'shut down in recovery' | 'shutting down'
  | 'in crash recovery' | 'in archive recovery' | 'in production';

export type DataDirectory =
  | { readonly kind: 'absent' }
  /** An initdb or clone that never finished, or files without PG_VERSION and pg_control. */
  | { readonly kind: 'incomplete'; readonly why: string }
  | { readonly kind: 'unreadable'; readonly why: string }
  | { readonly kind: 'otherMajor'; readonly major: string }
  /** A rewind that never finished: must not be started (I25). */
  | { readonly kind: 'poisoned'; readonly why: string }
  | PresentDataDirectory;

export interface PresentDataDirectory {
  readonly kind: 'present';
  readonly major: string;
  readonly systemId: string;
  readonly timeline: number;
  /** Of `timeline`. */
  readonly history: readonly Fork[];
  readonly control: ControlData;
  /** It last ran as a primary: it may hold commits that nobody else has. */
  readonly wasPrimary: boolean;
  readonly cleanShutdown: boolean;
  /** Who this data directory is as a voter; null for one that came without (see `writeIncarnation`). */
  readonly incarnation: string | null;
}

/** A server to stream, clone or rewind from. */
export interface Upstream {
  /** The DNS name of its pod, which the cluster's own certificate carries. */
  readonly host: string;
  /** The name that it is verified by instead, where it may show a certificate that was given. */
  readonly serverName?: string;
  readonly hostaddr?: string;
  readonly port: number;
}

export type Role = 'primary' | 'standby';

/** How the postmaster ended. `locked`: another postgres holds the data directory's lock (I37). */
export type PostgresExit =
  | { readonly kind: 'locked' }
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'killed'; readonly signal: NodeJS.Signals };

export type ServerState =
  | { readonly kind: 'stopped'; readonly lastExit: PostgresExit | null }
  | { readonly kind: 'running'; readonly role: Role; readonly pid: number; readonly stopping: boolean };

/** One answer of the local server. */
export type Probe =
  /** No connection can be made: not running. */
  | { readonly kind: 'down'; readonly why: string }
  /** It answers that it cannot take connections yet or any more. */
  | { readonly kind: 'refusing'; readonly why: string }
  /** No answer in time. */
  | { readonly kind: 'unresponsive' }
  | ProbeUp;

export interface ProbeUp {
  readonly kind: 'up';
  readonly systemId: string;
  readonly inRecovery: boolean;
  /** The newest timeline that this server has written, received or recovered to. */
  readonly timeline: number;
  /** Primary only. */
  readonly writeLsn: Lsn | null;
  /** Primary only. */
  readonly flushLsn: Lsn | null;
  /** Standby only: greatest of what the WAL receiver flushed and what was replayed (I11). */
  readonly receiveLsn: Lsn | null;
  /** Standby only. */
  readonly replayLsn: Lsn | null;
  readonly replayPaused: boolean;
  readonly walReceiver: WalReceiver | null;
  readonly replication: readonly ReplicationRow[];
  /** Settings that were changed and wait for a restart. */
  readonly pendingRestart: readonly string[];
  /** When this postmaster started; another value is another start. */
  readonly startedAt: string;
}

export interface WalReceiver {
  readonly status: string;
  readonly senderHost: string | null;
  readonly receivedTimeline: number | null;
}

export interface ReplicationRow {
  readonly applicationName: string;
  readonly state: string;
  readonly flushLsn: Lsn | null;
  readonly syncState: string;
}

/** The end of the last whole record in the data directory's WAL (I38). */
export interface WalEnd {
  readonly timeline: number;
  readonly lsn: Lsn;
}

export interface WalRange {
  readonly timeline: number;
  readonly from: Lsn;
  readonly end: Lsn;
}

/** What an agent says of itself at /status: to people, to the command line, to tests. Fields are added, never given another meaning. */
import type { BackupType } from './spec';

export interface Problem {
  readonly code: string;
  readonly message: string;
}

/** Of an agent in any role; before its first look at the cluster it says nothing else. */
export interface AgentStatus {
  readonly problems: readonly Problem[];
}

/** Of an instance. */
export interface InstanceStatus extends AgentStatus {
  readonly instance: string;
  readonly postgres: 'stopped' | 'starting' | 'primary' | 'standby' | 'stopping' | 'unresponsive';
  readonly ready: boolean;
  /** A word for machines, like `Leading`; `reason` is the same for people. */
  readonly doing: string;
  readonly reason: string;
  readonly position: PositionStatus | null;
  /** Only of a standby. */
  readonly streaming: boolean | null;
  readonly upstream: string | null;
  readonly systemId: string | null;
  readonly lease: LeaseStatus;
  readonly data: string;
  readonly leaving: boolean;
  readonly peers: readonly { readonly instance: string; readonly reached: boolean; readonly role: string | null; readonly leaving: boolean }[];
  /** Where the cluster has backups: the archiver of the primary, and, where this agent makes the backups, what the repos hold. */
  readonly backups?: BackupsStatus & { readonly archiver: ArchiverStatus | null };
}

/** Of the repo host. */
export interface RepoStatus extends AgentStatus, BackupsStatus {
  readonly role: 'repo';
  readonly ready: boolean;
}

/** Of an instance that could take over from the primary, or could not. */
export interface CandidateStatus {
  readonly instance: string;
  readonly position: PositionStatus | null;
  /** Bytes of the primary's WAL that it lacks, by its last word; null when it is not known, or of another timeline. */
  readonly lagBytes: number | null;
  readonly eligible: boolean;
  /** Why not. */
  readonly why: string | null;
}

/** Received and flushed, replayed or not. */
export interface PositionStatus {
  readonly timeline: number;
  /** As PostgreSQL writes it: `0/4133208`. */
  readonly lsn: string;
  /** The forks by which the timeline came to be, oldest first. */
  readonly history: readonly { readonly timeline: number; readonly lsn: string }[];
}

/** The Lease as this agent sees it. */
export interface LeaseStatus {
  readonly view: 'mine' | 'theirs' | 'free' | 'absent' | 'unknown';
  readonly holder?: string;
  readonly term?: number;
  readonly fencedInMs?: number;
  readonly unchangedForMs?: number;
  readonly release?: string | null;
  readonly from?: string | null;
  readonly slowestRenewalMs: number | null;
}

export interface ArchiverStatus {
  readonly lastArchived: string | null;
  /** Seconds; null when nothing has been archived. */
  readonly lastArchivedAge: number | null;
  /** Files of the write-ahead log that are complete and not archived. */
  readonly waiting: number;
  readonly lastFailed: string | null;
  readonly failing: boolean;
}

/** What the repos hold, as the agent that makes the backups last asked them. */
export interface BackupsStatus {
  readonly stanza?: 'created' | 'pending';
  /** The last of each type in each repo. */
  readonly backups?: readonly BackupStatus[];
  readonly archives?: readonly { readonly repo: number; readonly min: string | null; readonly max: string | null }[];
  readonly running?: { readonly type: BackupType; readonly repo: number; readonly since: string } | null;
}

export interface BackupStatus {
  readonly repo: number;
  readonly type: BackupType;
  readonly label: string;
  readonly stoppedAt: string;
  /** Bytes in the database, and added to the repo. */
  readonly size: number;
  readonly added: number;
}

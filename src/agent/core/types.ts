/**
 * What an agent sees and what it may do: the vocabulary of `decide`.
 *
 * Everything here is plain immutable data. Times are milliseconds of this machine's monotonic clock and are only ever compared with
 * times of the same process (I2, I3); WAL positions are bigints.
 */
import type { Timing } from '../../contract/timing.js';

export type Milliseconds = number;
export type Lsn = bigint;

/** Where a timeline was left for the next one. */
export interface Fork {
  readonly timeline: number;
  readonly lsn: Lsn;
}

/** A place in the history of a database: how far, on which timeline, and by which forks that timeline came to be (oldest first). */
export interface WalPosition {
  readonly timeline: number;
  readonly lsn: Lsn;
  readonly history: readonly Fork[];
}

/** Who holds the Lease. The pod's name alone would not tell two lives of it apart. */
export interface Holder {
  readonly instance: string;
  readonly podUid: string;
  /** One life of the agent process, given by PID 1. */
  readonly bootId: string;
  /** One life of the node's kernel: on the same kernel, a free flock proves that the old PostgreSQL is gone. */
  readonly kernelBootId: string;
}

/**
 * What the last holder said when it let go.
 *
 * - `handover`: stopped cleanly while somebody could take over; `lsn` is the end of its shutdown checkpoint.
 * - `stopped`: stopped cleanly with nobody to take over (all pods were told to stop); it expects to come back and go on.
 * - `crashed`: PostgreSQL died and every child of it is gone; `lsn` is the true end of its WAL, which its agent hands over (I38).
 */
export interface Release {
  readonly kind: 'handover' | 'stopped' | 'crashed';
  readonly from: string;
  readonly timeline: number;
  readonly lsn: Lsn;
  /** Who was chosen to take over; left out where anybody may. */
  readonly to?: string;
}

/** The promotion data, kept in the Lease itself so that one conditional write covers the lock and the data. */
export interface LeaderRecord {
  readonly systemId: string | null;
  /** The highest timeline on which a leader is known to have accepted writes. */
  readonly timeline: number;
  /**
   * The highest number of a timeline that anybody may have made. A claim reserves the next one for the promotion that follows, so that two
   * promotions never take the same number, even when the first of them died before it could tell (I28).
   */
  readonly reserved: number;
  /** The last known end of the leader's WAL. */
  readonly lsn: Lsn;
  /** Present while the Lease is free. */
  readonly release: Release | null;
  /** The release that the present holder took over from, until it is primary. */
  readonly inherited: Release | null;
}

/** The Lease as read: `version` is the resourceVersion, opaque; `term` counts changes of holder. */
export interface LeaseRecord {
  readonly version: string;
  readonly term: number;
  readonly holder: Holder | null;
  readonly leader: LeaderRecord;
  /** For how long this version is its holder's, by the timing that the holder wrote it with; 0 where that cannot be read. */
  readonly duration: Milliseconds;
}

/** The Lease as this process knows it. */
export type LeaseView =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'absent'; readonly since: Milliseconds }
  | { readonly kind: 'free'; readonly record: LeaseRecord; readonly since: Milliseconds }
  /** `grantedAt`: when the last renewal that succeeded was sent (I2). `timing`: by which this grant ends, whatever the spec says by now. */
  | { readonly kind: 'mine'; readonly record: LeaseRecord; readonly grantedAt: Milliseconds; readonly timing: Timing }
  /** `since`: when this very version was first seen (I4). */
  | { readonly kind: 'theirs'; readonly record: LeaseRecord; readonly holder: Holder; readonly since: Milliseconds };

/** The data directory on disk. */
export type DataDirectory =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'absent' }
  /** An initdb, a restore or a clone that did not finish; it never held anybody's data. */
  | { readonly kind: 'incomplete'; readonly why: string }
  /** A pg_rewind that did not finish (I25). */
  | { readonly kind: 'poisoned'; readonly why: string }
  /** Data that this agent must not touch: another major version, an unreadable volume. */
  | { readonly kind: 'unusable'; readonly code: 'otherMajor' | 'unreadable'; readonly why: string }
  | {
    readonly kind: 'present';
    readonly systemId: string;
    /** The true end of the WAL on disk. */
    readonly end: WalPosition;
    /** It was last run as a primary, so its WAL may hold what nobody else has. */
    readonly wasPrimary: boolean;
    /** Made by initdb or by the cluster's restore and never started since: nobody has written to it yet. */
    readonly fresh: boolean;
    /** Who this data directory is, from when it was made or cloned; null for one that came without. */
    readonly incarnation: string | null;
  };

export type Postgres =
  /** `lockFree`: the flock on the data directory could be taken, so no process of any container runs on it (I37). */
  | { readonly kind: 'stopped'; readonly lockFree: boolean }
  | { readonly kind: 'starting'; readonly as: 'primary' | 'standby' }
  | { readonly kind: 'primary'; readonly systemId: string; readonly position: WalPosition }
  | {
    readonly kind: 'standby';
    readonly systemId: string;
    /** Received and flushed, replayed or not (I11). */
    readonly position: WalPosition;
    /** The instance that primary_conninfo names. */
    readonly upstream: string | null;
    readonly streaming: boolean;
    /** Since when it has not been streaming although it should; null while it streams. */
    readonly notStreamingSince: Milliseconds | null;
    /** The upstream has said that it no longer has the WAL that this standby needs. */
    readonly walRemoved: boolean;
  }
  | { readonly kind: 'stopping'; readonly as: 'primary' | 'standby' }
  /** Runs, but does not answer. */
  | { readonly kind: 'unresponsive'; readonly as: 'primary' | 'standby'; readonly since: Milliseconds };

/** The state object that outlives pods and the cluster's own objects. */
export type ClusterState =
  | { readonly kind: 'unknown' }
  /** `claimedSystemIds`: what the data claims are annotated with; null until they could be read. */
  | { readonly kind: 'absent'; readonly claimedSystemIds: readonly string[] | null }
  | {
    readonly kind: 'present';
    readonly systemId: string | null;
    readonly initialized: boolean;
    /** Who may make the first data, while not initialized. */
    readonly initClaim: string | null;
    /** The incarnation of the first data directory; null where an older agent recorded it. */
    readonly founder: string | null;
    readonly highestTimeline: number;
  };

/** What an instance tells the others about itself. */
export interface Report {
  readonly instance: string;
  readonly podUid: string;
  readonly bootId: string;
  readonly role: 'primary' | 'standby' | 'none';
  readonly systemId: string | null;
  readonly position: WalPosition | null;
  readonly wasPrimary: boolean;
  readonly streaming: boolean;
  /** Why it could not lead now, whatever its position; null when it could. */
  readonly unfit: string | null;
  /** Absent where an older agent speaks. */
  readonly data?: DataDirectory['kind'];
}

export interface Peer {
  readonly instance: string;
  /** When the last report arrived; null when the last attempt to reach it failed. */
  readonly reachedAt: Milliseconds | null;
  readonly report: Report | null;
  /** Its pod is being deleted or is gone, by the API server's word. */
  readonly leaving: boolean;
}

export interface Me {
  readonly instance: string;
  readonly podUid: string;
  readonly bootId: string;
  readonly kernelBootId: string;
  /** Earlier agents of this container, proven dead with all their children by PID 1. */
  readonly deadBootIds: readonly string[];
  /** When SIGTERM was received or the pod was seen to be deleted; null while it may stay. */
  readonly leavingSince: Milliseconds | null;
}

export interface SpecView {
  readonly major: string;
  /** `givenVolume`: its data volume was there before the cluster. */
  readonly instances: readonly { readonly name: string; readonly retire: boolean; readonly givenVolume?: true }[];
  readonly timing: Timing;
  /** Where the first data comes from: what initdb makes, or a backup of another cluster. */
  readonly origin: 'initdb' | 'backup';
}

/**
 * A person asked this leader to hand over. It lives in the agent's memory only: a leader that dies on the way is followed by a failover, and
 * one that could not hand over is primary again.
 */
export interface Switchover {
  /** null: to whoever is best. */
  readonly to: string | null;
  readonly askedAt: Milliseconds;
}

/** A death of PostgreSQL that this process has seen and not yet dealt with. */
export interface Crash {
  readonly at: Milliseconds;
}

export interface Snapshot {
  readonly now: Milliseconds;
  readonly me: Me;
  readonly spec: SpecView;
  readonly data: DataDirectory;
  readonly postgres: Postgres;
  readonly lease: LeaseView;
  /** Since when the API server has answered without a failure; null while it does not. */
  readonly apiSince: Milliseconds | null;
  readonly state: ClusterState;
  readonly peers: readonly Peer[];
  /** When all peers were last asked at once. */
  readonly surveyedAt: Milliseconds | null;
  readonly crash: Crash | null;
  /** What was asked of this leader and has come to no end yet. */
  readonly switchover: Switchover | null;
  /** The handover named by the inherited release was fetched, or could not be. */
  readonly handover: 'pending' | 'done' | 'failed';
  /** Why this data directory must be cloned anew (a rewind that cannot work, WAL that nobody has any more); null when it need not. */
  readonly rebuild: string | null;
  /** Which of this instance's volumes has no room for what PostgreSQL writes, in words; null when all have (I30). */
  readonly full: string | null;
  /** A stop that has been asked for and has not finished. */
  readonly stopAskedAt: Milliseconds | null;
}

export type StopMode = 'fast' | 'immediate' | 'kill';

/** One step, idempotent, with one commit point. `wait` carries a code for the status and the reason for people. */
export type Action =
  | { readonly do: 'wait'; readonly code: WaitCode }
  /** `reserve`: the timeline that the promotion after it will make; 0 when none will follow. */
  | { readonly do: 'createLease'; readonly reserve: number }
  | { readonly do: 'claimLease'; readonly version: string; readonly reserve: number }
  | { readonly do: 'releaseLease'; readonly version: string; readonly release: Release | null }
  | { readonly do: 'claimInit' }
  | { readonly do: 'initdb' }
  | { readonly do: 'restore' }
  | { readonly do: 'recordInitialized'; readonly systemId: string; readonly founder: string | null; readonly timeline: number }
  | { readonly do: 'adoptState'; readonly systemId: string; readonly timeline: number }
  | { readonly do: 'startPrimary' }
  | { readonly do: 'startStandby'; readonly upstream: string | null }
  | { readonly do: 'follow'; readonly upstream: string }
  | { readonly do: 'clone'; readonly upstream: string }
  | { readonly do: 'rewind'; readonly upstream: string }
  | { readonly do: 'setAside' }
  | { readonly do: 'fetchHandover'; readonly from: string; readonly timeline: number; readonly start: Lsn; readonly end: Lsn }
  | { readonly do: 'promote'; readonly timeline: number }
  | { readonly do: 'stop'; readonly mode: StopMode }
  | { readonly do: 'survey' }
  | { readonly do: 'exit' };

/** Why nothing is done. The first group is health; the rest asks for a person or for patience. */
export type WaitCode =
  | 'Leading' | 'Following' | 'Busy'
  | 'LeaseUnknown' | 'StateUnknown' | 'WaitingForLeader' | 'WaitingForBetterCandidate' | 'WaitingForFormerLeader' | 'WaitingForExpiry' | 'WaitingForLock'
  | 'NotEligible' | 'MajorMismatch' | 'Unlisted' | 'DataUnreadable' | 'SystemIdMismatch' | 'InitializedWithoutData' | 'LeaderUnreachable'
  | 'VolumeFull' | 'Leaving' | 'Retired';

export interface Decision {
  readonly action: Action;
  readonly reason: string;
}

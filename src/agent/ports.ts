/** The outside world as the loop sees it. The real adapters are put together in main.ts; the simulation brings its own. */
import type { ClusterState, DataDirectory, Lsn, Milliseconds, Peer, Postgres, StopMode } from './core/types.js';

export interface Clock {
  /** Monotonic. */
  now(): Milliseconds;
  /** Resolves after that time, or as soon as the signal is aborted; never rejects. */
  sleep(ms: Milliseconds, signal?: AbortSignal): Promise<void>;
}

/** PID 1's end of the fence (architecture.md 4). */
export interface Deadman {
  /** From now on everything in the container dies at this moment, unless a later one is set or it is disarmed. */
  arm(at: Milliseconds): void;
  disarm(): void;
}

/** The PostgreSQL of this instance and its volumes. Each method is one action of `decide`; rejecting means that it did not happen. */
export interface LocalPostgres {
  /** What was last seen; cheap. */
  readonly view: LocalView;
  /** Looks again. */
  refresh(): Promise<void>;
  /** Called as soon as PostgreSQL ends by itself. */
  onDeath(listener: () => void): void;
  startPrimary(): Promise<void>;
  startStandby(upstream: string | null): Promise<void>;
  follow(upstream: string): Promise<void>;
  /** Makes this very timeline: lower numbers may have been taken by others (I28). */
  promote(timeline: number, signal: AbortSignal): Promise<void>;
  stop(mode: StopMode): Promise<void>;
  initdb(): Promise<void>;
  /** The backup that the spec names, recovered to its target, on a timeline of its own. */
  restore(signal: AbortSignal): Promise<void>;
  clone(upstream: string, signal: AbortSignal): Promise<void>;
  /** Resolves to why it is impossible, or to null when it is done. */
  rewind(upstream: string, signal: AbortSignal): Promise<string | null>;
  setAside(): Promise<void>;
  /** Resolves once the stretch is here and replayed. */
  fetchHandover(from: string, range: { timeline: number; start: Lsn; end: Lsn }, signal: AbortSignal): Promise<void>;
}

export interface LocalView {
  readonly data: DataDirectory;
  readonly postgres: Postgres;
}

/** The volumes that PostgreSQL writes to. */
export interface Volumes {
  /** Which of them has no room left, in words; null when all have. */
  readonly full: string | null;
  /** Looks again; never rejects. */
  refresh(): Promise<void>;
}

/** The other instances. */
export interface Peers {
  readonly known: readonly Peer[];
  /** Asks all of them, and the API server about their pods, at once. */
  survey(): Promise<void>;
}

/** The data directory that a cluster began with. */
export interface FirstData {
  readonly systemId: string;
  readonly founder: string | null;
  readonly timeline: number;
}

/** The state object and the claims' annotations, seen as one. */
export interface ClusterStates {
  readonly view: ClusterState;
  refresh(): Promise<void>;
  /** Reads it now, however lately it was read; rejects when that fails. */
  reread(): Promise<void>;
  claimInit(claim: string): Promise<void>;
  recordInitialized(first: FirstData): Promise<void>;
  adopt(systemId: string, timeline: number): Promise<void>;
}

export interface Journal {
  /** Something was decided that changes something. */
  decided(what: string, reason: string, details?: object): void;
  failed(what: string, error: unknown): void;
}


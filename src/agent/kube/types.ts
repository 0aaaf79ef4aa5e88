/**
 * What the agent asks of the Kubernetes API, in its own words.
 *
 * Expected failures are values, never exceptions: a caller must decide what a conflict or silence means, and the compiler makes it look.
 */
import type { ClusterSpec } from '../../contract/index.js';
import type { Holder, LeaderRecord, LeaseRecord, Milliseconds } from '../core/types.js';

export type FailureKind =
  /** The object is no longer the version (or the uid) that the write was made for. */
  | 'conflict'
  /** The object to be created is already there. */
  | 'exists'
  | 'notFound'
  /** RBAC, or a token that is not accepted. */
  | 'forbidden'
  /** The server understood and refuses: the request itself is wrong. */
  | 'invalid'
  /** No answer in time, or an answer that says nothing about the object. A write may have happened all the same (I5). */
  | 'unreachable';

export interface Failure {
  readonly ok: false;
  readonly kind: FailureKind;
  readonly message: string;
}

export type Result<T> = { readonly ok: true; readonly value: T } | Failure;

/** A written form that this agent cannot read, because it is broken or of another version of the format (I42). */
export interface Unreadable {
  readonly kind: 'unreadable';
  readonly version: string;
  readonly why: string;
}

// ---------------------------------------------------------------------------------------------------------------- Lease

export type LeaseReading =
  | { readonly kind: 'absent' }
  | { readonly kind: 'present'; readonly record: LeaseRecord }
  | Unreadable;

export interface LeaseBody {
  /** null lets go of the Lease. */
  readonly holder: Holder | null;
  readonly leader: LeaderRecord;
  readonly leaseDuration: Milliseconds;
}

/**
 * The lock: GET and conditional PUT only (I5).
 *
 * `LeaseRecord.version` names one version of one object (uid and resourceVersion), so that a deleted and re-created Lease is never taken for the old one.
 * After 'unreachable' or 'conflict' the truth is what the next `get` says: the own write being visible there is success.
 */
export interface LeaseStore {
  get(): Promise<Result<LeaseReading>>;
  /** 'exists' when somebody was faster. */
  create(body: LeaseBody): Promise<Result<LeaseRecord>>;
  /** 'conflict' when the Lease is no longer `previous`, 'notFound' when it is gone. The term grows when a new holder comes. */
  replace(previous: LeaseRecord, body: LeaseBody): Promise<Result<LeaseRecord>>;
  /** Wakes on every change until aborted; says nothing about the time between two changes, so the caller polls too (I34). */
  watch(wake: (seen: LeaseReading) => void, signal: AbortSignal): Promise<void>;
}

// ---------------------------------------------------------------------------------------------------------------- state

/** What outlives the cluster's own objects (architecture.md 9). */
export interface StateDocument {
  readonly systemId: string | null;
  readonly initialized: boolean;
  /** Who may make the first data while not initialized: pod uid and attempt, opaque. */
  readonly initClaim: string | null;
  /** The incarnation of the first data directory. */
  readonly founder: string | null;
  readonly highestTimeline: number;
}

export interface StateRecord {
  readonly version: string;
  readonly state: StateDocument;
}

export type StateReading =
  | { readonly kind: 'absent' }
  | { readonly kind: 'present'; readonly record: StateRecord }
  | Unreadable;

export interface StateStore {
  get(): Promise<Result<StateReading>>;
  create(state: StateDocument): Promise<Result<StateRecord>>;
  replace(previous: StateRecord, state: StateDocument): Promise<Result<StateRecord>>;
}

// ----------------------------------------------------------------------------------------------------------------- spec

export interface SpecReading {
  /** The last good one; null when none was ever read. */
  readonly spec: ClusterSpec | null;
  /** Why the newest document is not the one in use; null when it is. */
  readonly problem: string | null;
}

export interface SpecSource {
  /** Reads by the API and falls back to the last good document, in memory or on disk. Never fails. */
  read(): Promise<SpecReading>;
  watch(wake: () => void, signal: AbortSignal): Promise<void>;
}

// ----------------------------------------------------------------------------------------------------------------- pods

export interface PodInfo {
  readonly name: string;
  readonly uid: string;
  /** The instance label; null on a pod that lost it. */
  readonly instance: string | null;
  readonly ip: string | null;
  readonly nodeName: string | null;
  readonly ready: boolean;
  /** It has been asked to go (deletionTimestamp). */
  readonly terminating: boolean;
  /** The controller-revision-hash that it was made from. */
  readonly revision: string | null;
  readonly role: string | null;
  /** Its containers' last known ends, newest state first: what OOM or a crash of PID 1 looks like from outside. */
  readonly terminations: readonly ContainerTermination[];
}

export interface ContainerTermination {
  readonly container: string;
  readonly containerId: string;
  readonly exitCode: number;
  readonly reason: string;
}

export interface Pods {
  /** All instance pods of the cluster. */
  list(): Promise<Result<readonly PodInfo[]>>;
  watch(wake: () => void, signal: AbortSignal): Promise<void>;
  /** Sets the role label, or removes it with null: 'conflict' when the name now belongs to another. */
  labelRole(pod: { readonly name: string; readonly uid: string }, role: string | null): Promise<Result<void>>;
  /** Deletes exactly this pod: 'conflict' when the name now belongs to another. */
  delete(pod: { readonly name: string; readonly uid: string }): Promise<Result<void>>;
}

// --------------------------------------------------------------------------------------------- claims and stateful sets

export interface ClaimInfo {
  readonly name: string;
  readonly instance: string | null;
  readonly systemId: string | null;
}

export interface Claims {
  /** All claims of the cluster, those of removed instances too (I41). */
  list(): Promise<Result<readonly ClaimInfo[]>>;
  annotate(name: string, systemId: string): Promise<Result<void>>;
}

export interface StatefulSetInfo {
  readonly name: string;
  readonly instance: string | null;
  /** What a pod made now would be made from; null until the controller has seen the newest template. */
  readonly updateRevision: string | null;
  /** The PostgreSQL major version that the constructs made it for. */
  readonly major: string | null;
  readonly replicas: number;
  readonly readyReplicas: number;
}

export interface StatefulSets {
  list(): Promise<Result<readonly StatefulSetInfo[]>>;
}

// --------------------------------------------------------------------------------------------------------------- events

export interface Events {
  /** Tells a person, on the own pod. Identical ones within ten minutes are told once. Never fails: an event is never worth a retry. */
  tell(type: 'Normal' | 'Warning', reason: string, note: string): void;
}

// -------------------------------------------------------------------------------------------------------------- secrets

export interface SecretRecord {
  readonly version: string;
  /** Decoded; keys with empty values are left out. */
  readonly data: Readonly<Record<string, string>>;
}

export interface Secrets {
  get(name: string): Promise<Result<SecretRecord>>;
  /** Sets these keys and leaves the others, as long as the Secret is still `previous`. */
  fill(name: string, previous: SecretRecord, data: Readonly<Record<string, string>>): Promise<Result<SecretRecord>>;
}

/** The API server: objects with versions, and every write conditional on one. */
import type { Holder, LeaseRecord } from '../../../src/agent/core/types.js';
import type { ClaimInfo, LeaseBody, LeaseReading, PodInfo, Result, StateDocument, StateReading, StateRecord } from '../../../src/agent/kube/types.js';

export class ApiServer {
  /** `silent`: it takes requests and does not answer. */
  condition: 'up' | 'refusing' | 'silent' = 'up';
  #version = 0;
  #lease: LeaseRecord | null = null;
  #state: StateRecord | null = null;
  readonly #claims = new Map<string, string | null>();
  readonly #leaseWatchers = new Set<(reading: LeaseReading) => void>();
  readonly #podWatchers = new Set<() => void>();

  constructor(readonly pods: () => readonly PodInfo[], private readonly say: (text: () => string) => void) {}

  get lease(): LeaseRecord | null { return this.#lease; }
  get state(): StateDocument | null { return this.#state?.state ?? null; }

  readLease(): LeaseReading {
    return this.#lease === null ? { kind: 'absent' } : { kind: 'present', record: this.#lease };
  }

  createLease(body: LeaseBody): Result<LeaseRecord> {
    if (this.#lease !== null) return failed('exists');
    return this.#putLease(body, body.holder === null ? 0 : 1);
  }

  replaceLease(previous: LeaseRecord, body: LeaseBody): Result<LeaseRecord> {
    if (this.#lease === null) return failed('notFound');
    if (this.#lease.version !== previous.version) return failed('conflict');
    const changesHands = body.holder !== null && !sameHolder(previous.holder, body.holder);
    return this.#putLease(body, previous.term + (changesHands ? 1 : 0));
  }

  deleteLease(): void {
    this.#lease = null;
    this.say(() => 'the Lease is deleted');
    this.#tellWatchers();
  }

  readState(): StateReading {
    return this.#state === null ? { kind: 'absent' } : { kind: 'present', record: this.#state };
  }

  createState(state: StateDocument): Result<StateRecord> {
    return this.#state !== null ? failed('exists') : this.#putState(state);
  }

  replaceState(previous: StateRecord, state: StateDocument): Result<StateRecord> {
    if (this.#state === null) return failed('notFound');
    return this.#state.version !== previous.version ? failed('conflict') : this.#putState(state);
  }

  deleteState(): void {
    this.#state = null;
    this.say(() => 'the state object is deleted');
  }

  claims(): readonly ClaimInfo[] {
    return [...this.#claims].map(([name, systemId]) => ({ name, instance: name, systemId }));
  }

  /** A claim that is new, or made anew. */
  provision(claim: string): void {
    this.#claims.set(claim, null);
  }

  annotate(claim: string, systemId: string): Result<void> {
    if (!this.#claims.has(claim)) return failed('notFound');
    this.#claims.set(claim, systemId);
    return { ok: true, value: undefined };
  }

  watchLease(watcher: (reading: LeaseReading) => void): () => void {
    this.#leaseWatchers.add(watcher);
    return () => this.#leaseWatchers.delete(watcher);
  }

  watchPods(watcher: () => void): () => void {
    this.#podWatchers.add(watcher);
    return () => this.#podWatchers.delete(watcher);
  }

  podsChanged(): void {
    for (const watcher of this.#podWatchers) watcher();
  }

  #putLease(body: LeaseBody, term: number): Result<LeaseRecord> {
    const before = this.#lease;
    this.#lease = { version: `v${++this.#version}`, term, holder: body.holder, leader: body.leader, duration: body.leaseDuration };
    if (!sameHolder(before?.holder ?? null, body.holder)) this.say(() => `Lease ${this.#lease!.version}: ${describe(this.#lease!)}`);
    this.#tellWatchers();
    return { ok: true, value: this.#lease };
  }

  #putState(state: StateDocument): Result<StateRecord> {
    this.#state = { version: `s${++this.#version}`, state };
    this.say(() => `state: ${JSON.stringify(state)}`);
    return { ok: true, value: this.#state };
  }

  #tellWatchers(): void {
    const reading = this.readLease();
    for (const watcher of this.#leaseWatchers) watcher(reading);
  }
}

function sameHolder(a: Holder | null, b: Holder | null): boolean {
  return a === b || (a !== null && b !== null && a.podUid === b.podUid && a.bootId === b.bootId);
}

function describe(lease: LeaseRecord): string {
  const { release, inherited, timeline } = lease.leader;
  const told = release ?? inherited;
  return `${lease.holder?.bootId ?? 'free'}, timeline ${timeline}${told === null ? '' : `, ${told.kind} by ${told.from} at ${told.timeline}/${told.lsn}`}`;
}

function failed(kind: 'exists' | 'conflict' | 'notFound'): Result<never> {
  return { ok: false, kind, message: `the object ${kind === 'exists' ? 'exists' : kind === 'conflict' ? 'has changed' : 'is gone'}` };
}

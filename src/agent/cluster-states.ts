/** The state object and what the data claims are annotated with, seen as one: has this cluster ever had data? (I20, I41) */
import type { ClusterState, Milliseconds } from './core/types.js';
import type { Claims, Result, StateDocument, StateRecord, StateStore } from './kube/types.js';
import type { Clock, ClusterStates, FirstData } from './ports.js';

/** It changes only at bootstrap and promotions. */
const REREAD: Milliseconds = 10_000;
const RETRY: Milliseconds = 1_000;

export interface ClusterStatesContext {
  readonly store: StateStore;
  readonly claims: Claims;
  readonly clock: Clock;
  /** This instance's data claim, without a name where the volume goes with the pod; null where the spec does not list the instance. */
  readonly dataClaim: () => { readonly name?: string } | null;
}

export class KubeClusterStates implements ClusterStates {
  #view: ClusterState = { kind: 'unknown' };
  #record: StateRecord | null = null;
  #readAt: Milliseconds = -Infinity;
  #reading: Promise<void> | null = null;
  #problem: string | null = null;

  constructor(private readonly context: ClusterStatesContext) {}

  get view(): ClusterState { return this.#view; }
  /** Why the state cannot be read; null when it can. */
  get problem(): string | null { return this.#problem; }

  refresh(): Promise<void> {
    const age = this.context.clock.now() - this.#readAt;
    if (age < (this.#view.kind === 'present' && this.#view.initialized ? REREAD : RETRY)) return Promise.resolve();
    this.#reading ??= this.#read().finally(() => { this.#reading = null; });
    return this.#reading;
  }

  async reread(): Promise<void> {
    await this.#read();
    if (this.#problem !== null) throw new Error(this.#problem);
  }

  async claimInit(claim: string): Promise<void> {
    const state: StateDocument = { systemId: null, initialized: false, initClaim: claim, founder: null, highestTimeline: 0 };
    await this.#write(state);
  }

  /** The claim first: it outlives every other object, and without it a lost state object would look like a new cluster (I41). */
  async recordInitialized({ systemId, founder, timeline }: FirstData): Promise<void> {
    // Only the state in which this instance had the claim may be replaced, whatever is read meanwhile.
    const claimed = this.#record;
    await this.annotate(systemId);
    await this.#write({ systemId, initialized: true, initClaim: null, founder, highestTimeline: timeline }, claimed);
  }

  async adopt(systemId: string, timeline: number): Promise<void> {
    await this.annotate(systemId);
    const founder = this.#record?.state.founder ?? null;
    await this.#write({ systemId, initialized: true, initClaim: null, founder, highestTimeline: timeline });
  }

  /** Marks this instance's data claim as holding data. */
  async annotate(systemId: string): Promise<void> {
    const claim = this.context.dataClaim();
    if (claim === null) throw new Error('this instance has no data claim in the spec');
    if (claim.name !== undefined) must(await this.context.claims.annotate(claim.name, systemId), `annotating claim ${claim.name}`);
  }

  async #write(state: StateDocument, previous = this.#record): Promise<void> {
    const { store } = this.context;
    const result = previous === null ? await store.create(state) : await store.replace(previous, state);
    if (!result.ok) {
      this.#readAt = -Infinity;
      await this.#read();
    }
    this.#seen(must(result, 'writing the state object'));
  }

  async #read(): Promise<void> {
    this.#readAt = this.context.clock.now();
    const result = await this.context.store.get();
    if (!result.ok) {
      this.#problem = result.message;
      return;
    }
    switch (result.value.kind) {
      case 'present':
        this.#seen(result.value.record);
        break;
      case 'absent': {
        this.#record = null;
        this.#problem = null;
        const claims = await this.context.claims.list();
        const ids = claims.ok ? claims.value.map((c) => c.systemId).filter((id): id is string => id !== null) : null;
        this.#view = { kind: 'absent', claimedSystemIds: ids };
        break;
      }
      case 'unreadable':
        this.#problem = result.value.why;
        this.#view = { kind: 'unknown' };
        break;
    }
  }

  #seen(record: StateRecord): void {
    this.#record = record;
    this.#problem = null;
    this.#view = { kind: 'present', ...record.state };
  }
}

function must<T>(result: Result<T>, what: string): T {
  if (!result.ok) throw new Error(`${what}: ${result.message}`);
  return result.value;
}

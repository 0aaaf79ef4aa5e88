/** From one answer of the running server to what `decide` calls it. */
import type { Fork, Milliseconds, Postgres, WalPosition } from '../core/types.js';
import { readHistory } from '../postgres/history.js';
import type { PostgresPaths, Probe, Role } from '../postgres/types.js';

/** A server that has not answered for this long is called unresponsive; before that its last answer stands. */
const SILENCE: Milliseconds = 5_000;

export interface Memory {
  readonly upstream: string | null;
  readonly notStreamingSince: Milliseconds | null;
  readonly walRemoved: boolean;
  readonly silentSince: Milliseconds | null;
}

export class Observer {
  #memory: Memory = { upstream: null, notStreamingSince: null, walRemoved: false, silentSince: null };
  /** The history of a timeline never changes, so each is read once. */
  #histories = new Map<number, readonly Fork[]>();

  constructor(private readonly paths: PostgresPaths) {}

  get upstream(): string | null { return this.#memory.upstream; }

  /** The server was started, or pointed elsewhere. */
  pointedAt(upstream: string | null, now: Milliseconds): void {
    this.#memory = { upstream, notStreamingSince: now, walRemoved: false, silentSince: null };
  }

  walWasRemoved(): void {
    this.#memory = { ...this.#memory, walRemoved: true };
  }

  async see(before: Postgres, probe: Probe, role: Role, now: Milliseconds): Promise<Postgres> {
    switch (probe.kind) {
      case 'down':
      case 'refusing':
        this.#memory = { ...this.#memory, silentSince: null };
        return { kind: 'starting', as: role };
      case 'unresponsive': {
        const silentSince = this.#memory.silentSince ?? now;
        this.#memory = { ...this.#memory, silentSince };
        return now - silentSince >= SILENCE ? { kind: 'unresponsive', as: role, since: silentSince } : before;
      }
      case 'up':
        break;
    }
    const { systemId } = probe;
    if (!probe.inRecovery) {
      this.#memory = { ...this.#memory, silentSince: null, notStreamingSince: null };
      return { kind: 'primary', systemId, position: await this.#position(probe.timeline, probe.flushLsn ?? 0n) };
    }
    const streaming = probe.walReceiver?.status === 'streaming';
    const notStreamingSince = streaming ? null : this.#memory.notStreamingSince ?? now;
    const walRemoved = !streaming && this.#memory.walRemoved;
    this.#memory = { ...this.#memory, silentSince: null, notStreamingSince, walRemoved };
    const position = await this.#position(probe.timeline, probe.receiveLsn ?? 0n);
    return { kind: 'standby', systemId, position, upstream: this.#memory.upstream, streaming, notStreamingSince, walRemoved };
  }

  async #position(timeline: number, lsn: bigint): Promise<WalPosition> {
    let history = this.#histories.get(timeline);
    if (history === undefined) {
      history = await readHistory(this.paths, timeline);
      this.#histories.set(timeline, history);
    }
    return { timeline, lsn, history };
  }
}

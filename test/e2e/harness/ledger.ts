/** The ledger client's handle: what was acknowledged, how long nothing was, and what of it is not there. */
import type { Client } from './client';
import { now } from './wait';

export interface LedgerReport {
  readonly acknowledged: number;
  readonly sinceMark: number;
  /** The longest time without an acknowledgement since the mark. */
  readonly longestMs: number;
  readonly gaps: readonly { readonly fromMs: number; readonly ms: number }[];
  /** Connections that the other side ended; one that the client gave up, because it was silent, is a silence. */
  readonly brokenSinceMark: number;
  /** Times that writing broke off with an error, or for more than five seconds; a shorter silence is none. */
  readonly interruptions: number;
  /** For how long writes have gone on by now without breaking off. */
  readonly steadyMs: number;
  /** Since the last acknowledgement. */
  readonly silentMs: number;
  readonly lastTrouble: string | null;
}

export interface LedgerBalance {
  readonly acknowledged: number;
  readonly lost: number;
  readonly firstLost: readonly number[];
}

export class Ledger {
  #markedAt = 0;

  constructor(private readonly client: Client) {}

  /** From now on gaps are counted: right before a fault. */
  async mark(): Promise<void> {
    await this.client.ask('mark');
    this.#markedAt = now();
  }

  /** By this process' clock, whatever the client's is. */
  get markedAt(): number { return this.#markedAt; }
  report(): Promise<LedgerReport> { return this.client.ask('report'); }
  /** Compares what was acknowledged with what is in the table now. */
  verify(): Promise<LedgerBalance> { return this.client.ask('verify'); }
  /** The Service has another address. */
  move(host: string): Promise<void> { return this.client.ask(`move ${host}`); }
  close(): void { this.client.close(); }
}

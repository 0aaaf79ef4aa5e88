/**
 * What PostgreSQL's archive_command and restore_command may do now, told to pgguard by two files in memory:
 * nothing is archived without a valid Lease (I27), and nothing is fetched where it could hold up a promotion.
 */
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { fenceAt } from '../core/lease.js';
import type { Milliseconds, Snapshot } from '../core/types.js';

/** A standby that has not streamed for this long may look into the archive; sooner, its next primary is only being elected. */
const FETCH_AFTER: Milliseconds = 10_000;

/** What a server that is being stopped may wait for its archive in all, however many segments there are; the successor archives the rest. */
const CLOSING_TAKES: Milliseconds = 2_000;

export class ArchiveGate {
  #written: string | null = null;
  #fetch = false;

  constructor(private readonly files: { readonly gate: string; readonly fetch: string }) {
    this.#removeBoth();
  }

  /** At every pass of the loop; touches files only when something changed. `failing`: the archive takes nothing at present. */
  update(s: Snapshot, failing: boolean): void {
    this.#setGate(gateOf(s, failing));
    this.#setFetch(mayFetch(s));
  }

  #setGate(line: string | null): void {
    if (line === this.#written) return;
    if (line === null) {
      rmSync(this.files.gate, { force: true });
    } else {
      writeFileSync(`${this.files.gate}.new`, `${line}\n`, { mode: 0o600 });
      renameSync(`${this.files.gate}.new`, this.files.gate);
    }
    this.#written = line;
  }

  #setFetch(wanted: boolean): void {
    if (wanted === this.#fetch) return;
    if (wanted) writeFileSync(this.files.fetch, '', { mode: 0o600 });
    else rmSync(this.files.fetch, { force: true });
    this.#fetch = wanted;
  }

  #removeBoth(): void {
    for (const file of [this.files.gate, this.files.fetch]) rmSync(file, { force: true });
  }
}

/** `state until`, with the moment at which the Lease that is held now ends to be valid. */
export function gateOf(s: Snapshot, failing: boolean): string | null {
  const stopping = s.postgres.kind === 'stopping' && s.postgres.as === 'primary';
  const until = fenceAt(s.lease);
  // A server that is being stopped because the Lease is gone must not be waited for either.
  if (stopping) return `${failing ? 'closed' : 'closing'} ${nanoseconds(Math.max(0, Math.min(until, (s.stopAskedAt ?? s.now) + CLOSING_TAKES)))}`;
  return Number.isFinite(until) ? `open ${nanoseconds(until)}` : null;
}

export function mayFetch({ postgres, lease, now }: Snapshot): boolean {
  return postgres.kind === 'standby' && !postgres.streaming && lease.kind !== 'mine'
    && postgres.notStreamingSince !== null && now - postgres.notStreamingSince >= FETCH_AFTER;
}

function nanoseconds(ms: Milliseconds): string {
  return String(BigInt(Math.floor(ms)) * 1_000_000n);
}

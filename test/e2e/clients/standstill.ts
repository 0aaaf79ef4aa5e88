/**
 * Notices when the whole machine stands still (a virtual machine that is stopped by its host, say): this process outranks all others, has
 * nothing to do, and is late nevertheless.
 */
import { setPriority } from 'node:os';
import { createInterface } from 'node:readline';

const EVERY_MS = 50;
const STANDSTILL_MS = 500;

export interface Standstill {
  /** Milliseconds since the epoch. */
  readonly ended: number;
  /** By CLOCK_MONOTONIC, in milliseconds. */
  readonly endedAt: number;
  readonly ms: number;
}

const seen: Standstill[] = [];

try {
  setPriority(-20);
} catch {
  // Without the right to outrank others a busy machine may look like one that stands still.
}

let last = performance.now();
setInterval(() => {
  const late = performance.now() - last - EVERY_MS;
  last = performance.now();
  if (late > STANDSTILL_MS) seen.push({ ended: Date.now(), endedAt: Number(process.hrtime.bigint() / 1_000_000n), ms: Math.round(late) });
}, EVERY_MS);

createInterface({ input: process.stdin })
  .on('line', () => console.log(JSON.stringify({ answer: seen })))
  .on('close', () => process.exit(0));

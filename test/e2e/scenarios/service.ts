/** What a client sees of a fault. */
import assert from 'node:assert/strict';
import type { Cluster } from '../harness/cluster';
import type { Ledger } from '../harness/ledger';
import type { Pod } from '../harness/pods';
import type { Trial } from '../harness/scenario';
import { eventually } from '../harness/wait';

/** Writes count as resumed when they have gone on for this long. */
const STEADY_MS = 1_000;

/** Waits until writing has broken off since the mark and goes on again; the longest time without an acknowledgement. */
export async function writesResume(ledger: Ledger, withinMs: number): Promise<number> {
  return eventually('writes that broke off and go on', { withinMs, everyMs: 100 }, async () => {
    const { interruptions, steadyMs, longestMs } = await ledger.report();
    return interruptions > 0 && steadyMs >= STEADY_MS ? longestMs : null;
  });
}

/**
 * Judges the longest time without an acknowledgement since the mark. When the whole machine stood still in it, as a virtual machine's host can cause it,
 * that part is nobody's doing.
 */
export async function stoppedFor({ ledger, standstills }: Pick<Trial, 'ledger' | 'standstills'>, lessThanMs: number, when = ''): Promise<void> {
  const { gaps } = await ledger.report();
  const still = await standstills();
  for (const { fromMs, ms } of gaps) {
    const from = ledger.markedAt + fromMs;
    const stood = still.reduce((sum, { endedAt, ms: stoodMs }) => sum + Math.max(0, Math.min(from + ms, endedAt) - Math.max(from, endedAt - stoodMs)), 0);
    assert.ok(ms - stood < lessThanMs, `${when}writes stopped for ${ms} ms, in which the machine stood still for ${Math.round(stood)} ms`);
  }
}

/** Beside another cluster that is taken down a client was silent for 7 s without any fault; what takes the primary away breaks connections, too. */
const LONGEST_SILENCE_MS = 15_000;

/** No client has noticed anything since the mark; the longest time without an acknowledgement. */
export async function undisturbed(ledger: Ledger): Promise<number> {
  const { brokenSinceMark, longestMs, lastTrouble, gaps } = await ledger.report();
  assert.equal(brokenSinceMark, 0, `a client's connection was broken: ${lastTrouble}`);
  assert.ok(longestMs < LONGEST_SILENCE_MS, `writes stood still for ${longestMs} ms: ${JSON.stringify(gaps)}, ${lastTrouble ?? 'without an error'}`);
  return longestMs;
}

/** Waits until another pod leads than that one. */
export function anotherLeads(cluster: Cluster, than: Pod, withinMs = 60_000): Promise<Pod> {
  return eventually(`another primary than ${than.name}`, { withinMs, everyMs: 100 }, async () => {
    const primary = await cluster.findPrimary();
    return primary !== null && primary.uid !== than.uid ? primary : null;
  });
}

/** What a client sees of a fault. */
import assert from 'node:assert/strict';
import type { Cluster } from '../harness/cluster';
import type { Ledger } from '../harness/ledger';
import type { Pod } from '../harness/pods';
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

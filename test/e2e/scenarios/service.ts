/** What a client sees of a fault. */
import type { Ledger } from '../harness/ledger';
import { eventually, sleep } from '../harness/wait';

/** Writes count as resumed when they have gone on for this long. */
const STEADY_MS = 1_000;

/** Waits until writing has broken off since the mark and goes on again; the longest time without an acknowledgement. */
export async function writesResume(ledger: Ledger, withinMs: number): Promise<number> {
  await eventually('writes that broke off and go on', { withinMs, everyMs: 100 }, async () => {
    const { interruptions, sinceMark, silentMs } = await ledger.report();
    return interruptions > 0 && silentMs < 200 && sinceMark > 10 ? true : null;
  });
  await sleep(STEADY_MS);
  const { longestMs, silentMs, lastTrouble } = await ledger.report();
  if (silentMs > STEADY_MS) throw new Error(`writes stopped again: ${lastTrouble}`);
  return longestMs;
}

/** What a client sees of a fault. */
import type { Ledger } from '../harness/ledger';
import { eventually, sleep } from '../harness/wait';

/** Writes count as resumed when they have gone on for this long. */
const STEADY_MS = 1_000;
/** Before the fault has had time to show, a silence is none yet. */
const FAULT_SHOWS_MS = 300;

/** Waits until rows are acknowledged again; the longest time without one since the mark. */
export async function writesResume(ledger: Ledger, withinMs: number): Promise<number> {
  await sleep(FAULT_SHOWS_MS);
  await eventually('acknowledged writes', { withinMs, everyMs: 100 }, async () => {
    const { sinceMark, silentMs } = await ledger.report();
    return silentMs < 200 && sinceMark > 10 ? true : null;
  });
  await sleep(STEADY_MS);
  const { longestMs, silentMs, lastTrouble } = await ledger.report();
  if (silentMs > STEADY_MS) throw new Error(`writes stopped again: ${lastTrouble}`);
  return longestMs;
}

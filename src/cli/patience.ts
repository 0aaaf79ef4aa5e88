/** What goes on for long outlives an API server that restarts. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Unanswered } from './exit.js';

const PATIENCE_MS = 60_000;
const ASKS_EVERY_MS = 1_000;

/** Asks again while nobody answers, and at last says so; any other failure is an answer. */
export async function patiently<T>(ask: () => Promise<T>, patienceMs = PATIENCE_MS): Promise<T> {
  const end = performance.now() + patienceMs;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Unanswered) || performance.now() > end) throw error;
    }
    await sleep(ASKS_EVERY_MS);
  }
}

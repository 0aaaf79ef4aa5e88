/** Waiting for what should become true. */
export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** CLOCK_MONOTONIC in milliseconds, the same for all processes of one machine. */
export const now = (): number => Number(process.hrtime.bigint() / 1_000n) / 1_000;

export interface Patience {
  readonly withinMs: number;
  readonly everyMs?: number;
}

/** Asks until the answer is not `null`; an error counts as "not yet", and is told when time runs out. */
export async function eventually<T>(what: string, patience: Patience, ask: () => Promise<T | null> | T | null): Promise<T> {
  const end = now() + patience.withinMs;
  let trouble = '';
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== null) return answer;
    } catch (error) {
      trouble = `; the last error: ${error instanceof Error ? error.message : String(error)}`;
    }
    if (now() >= end) throw new Error(`waited ${(patience.withinMs / 1000).toFixed(0)} s in vain for: ${what}${trouble}`);
    await sleep(patience.everyMs ?? 250);
  }
}

/** For `eventually`, where what is waited for is a plain truth. */
export const yes = (truth: boolean): true | null => truth ? true : null;

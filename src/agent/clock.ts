import type { Clock } from './ports.js';

/** CLOCK_MONOTONIC, the clock of PID 1's deadlines too. */
export const monotonicClock: Clock = {
  now: () => Number(process.hrtime.bigint() / 1_000n) / 1_000,
  sleep: (ms, signal) => new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
  }),
};

/** Timings of the lock and of fencing, in milliseconds; their relations are checked by `checkTiming` at synth and at agent start. */
export interface Timing {
  /** How long a Lease that nobody renews still belongs to its holder. Whole seconds. */
  readonly leaseDuration: number;
  /** How often the holder renews. */
  readonly renewInterval: number;
  /** How long one API request may take. */
  readonly requestTimeout: number;
  /** From the sending of the last renewal that succeeded: the primary begins to stop (fast, one second later immediate). */
  readonly fenceAfter: number;
  /** From the same moment: the deadman kills everything in the container. */
  readonly killAfter: number;
}

export const DEFAULT_TIMING: Timing = {
  leaseDuration: 10_000,
  renewInterval: 2_000,
  requestTimeout: 1_500,
  fenceAfter: 6_000,
  killAfter: 7_500,
};

/** For clusters that would rather fail over needlessly now and then than wait: twice the requests, and an API server that answers within a second. */
export const FAST_TIMING: Timing = {
  leaseDuration: 6_000,
  renewInterval: 1_000,
  requestTimeout: 1_000,
  fenceAfter: 3_200,
  killAfter: 4_400,
};

/** For hundreds of clusters on one API server, or one that is slow: a quarter of the requests, and three times the wait for a node that is lost. */
export const FRUGAL_TIMING: Timing = {
  leaseDuration: 30_000,
  renewInterval: 8_000,
  requestTimeout: 5_000,
  fenceAfter: 20_000,
  killAfter: 24_000,
};

/** No spec may ask for more: by so much the agents wait for a Lease of which nobody can read any more how long it was to last. */
export const LONGEST_LEASE = 30_000;

/** How long a SIGKILL of every process takes at worst. */
const KILL_TAKES = 500;
/** How far two nodes' clocks may differ in rate (I3). */
export const CLOCK_RATE_TOLERANCE = 1.2;

/** The broken relations, in words; empty when the timing is safe (failover.md 5.5). */
export function checkTiming(timing: Timing): string[] {
  const broken: string[] = [];
  if (timing.leaseDuration % 1000 !== 0) {
    broken.push(`leaseDuration must be whole seconds, got ${timing.leaseDuration} ms`);
  }
  if (timing.leaseDuration > LONGEST_LEASE) {
    broken.push(`leaseDuration must not exceed ${LONGEST_LEASE} ms, got ${timing.leaseDuration} ms`);
  }
  if (timing.renewInterval + 2 * timing.requestTimeout > timing.fenceAfter) {
    broken.push(`renewInterval + 2 * requestTimeout must not exceed fenceAfter (${timing.fenceAfter} ms), so that one lost request does not fence`);
  }
  if (timing.fenceAfter >= timing.killAfter) {
    broken.push(`fenceAfter (${timing.fenceAfter} ms) must come before killAfter (${timing.killAfter} ms)`);
  }
  if (CLOCK_RATE_TOLERANCE * timing.killAfter + KILL_TAKES > timing.leaseDuration) {
    broken.push(`1.2 * killAfter + 500 ms must not exceed leaseDuration (${timing.leaseDuration} ms), so that the old primary is dead before a new one may begin`);
  }
  return broken;
}

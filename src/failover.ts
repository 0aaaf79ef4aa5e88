import { DEFAULT_TIMING, FAST_TIMING, FRUGAL_TIMING, type Timing } from './contract';

/**
 * How soon a primary counts as lost that nobody hears of any more: a node that is cut off, a container that is frozen. What ends by itself, like a
 * PostgreSQL that dies or a pod that is deleted, is noticed at once whatever it says.
 */
export enum FailoverTiming {
  /** After 10 seconds. The primary writes the Lease every 2 seconds, and stops when it could not for 6. */
  DEFAULT = 'default',
  /**
   * After 6 seconds. The primary writes the Lease every second, and stops when it could not for 3.2: an API server that is silent for that
   * long, as one that restarts is, interrupts the service.
   */
  FAST = 'fast',
  /** After 30 seconds. The primary writes the Lease every 8 seconds, and stops when it could not for 20. For hundreds of clusters on one API server. */
  FRUGAL = 'frugal',
}

/** What the agents do when the primary is lost. */
export interface FailoverOptions {
  /**
   * How soon a primary counts as lost. It can be changed under a running cluster: each grant of the Lease keeps the timing that it was asked for with,
   * and everybody waits as long as the Lease says.
   *
   * @default FailoverTiming.DEFAULT
   */
  readonly timing?: FailoverTiming;
}

const TIMINGS: Readonly<Record<FailoverTiming, Timing>> = {
  [FailoverTiming.DEFAULT]: DEFAULT_TIMING,
  [FailoverTiming.FAST]: FAST_TIMING,
  [FailoverTiming.FRUGAL]: FRUGAL_TIMING,
};

export function timingOf({ timing = FailoverTiming.DEFAULT }: FailoverOptions = {}): Timing {
  return TIMINGS[timing];
}

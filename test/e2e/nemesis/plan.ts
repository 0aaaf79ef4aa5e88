/** What befalls a cluster in one run: made from a seed alone, so that a run can be had again. */
import { FailoverTiming } from '../../../src';
import { Random } from '../../random';

export type FaultName = (typeof FAULT_NAMES)[number];

/** The name as often as it is likely. */
const FAULT_NAMES = [
  'postmaster killed', 'postmaster killed', 'postmaster killed', 'agent killed', 'agent killed', 'agent stopped', 'container frozen', 'container frozen',
  'pod deleted', 'pod deleted', 'pod force-deleted', 'node cut off', 'node cut off', 'API server stopped', 'Lease deleted', 'switchover asked', 'switchover asked', 'timing changed',
] as const;

export interface Step {
  readonly atMs: number;
  readonly fault: FaultName;
  /** `leader`: whoever leads at that moment. */
  readonly on: string;
  /** How long what can be mended lasts. */
  readonly forMs: number;
  readonly timing: FailoverTiming;
}

/** Long enough for elections, short enough that the next fault often meets the work that the last one made. */
const LASTS_MS = 45_000;
const BETWEEN_MS = [500, 14_000] as const;
/** Often less than a fence takes, now and then more than an election. */
const SHORT_MS = [300, 5_000] as const;
const LONG_MS = [5_000, 20_000] as const;

export function planOf(seed: number, instances: readonly string[]): readonly Step[] {
  const random = new Random(seed);
  const steps: Step[] = [];
  for (let atMs = random.between(...BETWEEN_MS); atMs < LASTS_MS; atMs += random.between(...BETWEEN_MS)) {
    steps.push({
      atMs: Math.round(atMs),
      fault: random.pick(FAULT_NAMES),
      on: random.chance(0.6) ? 'leader' : random.pick(instances),
      forMs: Math.round(spell(random)),
      timing: random.pick([FailoverTiming.FAST, FailoverTiming.DEFAULT, FailoverTiming.FRUGAL]),
    });
  }
  return steps;
}

function spell(random: Random): number {
  return random.chance(0.5) ? random.between(...SHORT_MS) : random.between(...LONG_MS);
}

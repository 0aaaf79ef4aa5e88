/** Runs a scenario from one seed and tells what came of it. */
import type { Counts } from './oracle.js';
import { SCENARIOS, type ScenarioName } from './scenarios.js';
import { BusyLoop } from './scheduler.js';
import { World } from './world.js';

export interface Outcome {
  readonly scenario: ScenarioName;
  readonly seed: number;
  readonly violations: readonly string[];
  readonly counts: Counts;
  readonly decisions: ReadonlyMap<string, number>;
  /** Virtual milliseconds. */
  readonly lasted: number;
}

export async function simulate(scenario: ScenarioName, seed: number, tell?: (line: string) => void): Promise<Outcome> {
  const world = new World({ seed, ...(tell === undefined ? {} : { tell }) });
  try {
    await SCENARIOS[scenario](world);
  } catch (error) {
    if (!(error instanceof BusyLoop)) throw error;
    world.oracle.violated(`busy loop: ${error.message}`);
  }
  return { scenario, seed, violations: world.oracle.violations, counts: world.oracle.counts, decisions: world.decisions, lasted: world.scheduler.now };
}

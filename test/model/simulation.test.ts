/**
 * Three real agents over a simulated world, thousands of times.
 *
 *   SIM_RUNS=50000 SIM_FIRST=1000000 npx jest -c test/model/jest.config.cjs simulation     a night's worth, from other seeds
 *   SIM_SCENARIO=chaos SIM_SEED=42 npx jest -c test/model/jest.config.cjs simulation       one run again, with its timeline
 */
import { simulate, type Outcome } from './simulation/run.js';
import type { ScenarioName } from './simulation/scenarios.js';

const RUNS = Number(process.env.SIM_RUNS ?? 2_000);
const FIRST = Number(process.env.SIM_FIRST ?? 1);
const replay = process.env.SIM_SEED === undefined ? null : Number(process.env.SIM_SEED);

/** What part of all runs each scenario has. */
const SHARE: Record<ScenarioName, number> = {
  chaos: 0.6, restore: 0.03, grants: 0.08, forceDelete: 0.04, switchover: 0.04, asked: 0.04, timing: 0.02, crash: 0.05, mostAdvanced: 0.04, stopAll: 0.03, apiOutage: 0.03,
};
/** A machine with much else to do may take many times as long as the milliseconds that a run needs. */
const PATIENCE = 60_000 + RUNS * 500;

const played = new Map<ScenarioName, Promise<Outcome[]>>();

/** All runs of a scenario; they are played once. */
function outcomesOf(scenario: ScenarioName): Promise<Outcome[]> {
  const outcomes = played.get(scenario) ?? play(scenario);
  played.set(scenario, outcomes);
  return outcomes;
}

async function play(scenario: ScenarioName): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const runs = Math.max(1, Math.round(RUNS * SHARE[scenario]));
  for (let seed = FIRST; seed < FIRST + runs; seed++) {
    outcomes.push(await simulate(scenario, seed));
    await new Promise((resolve) => setImmediate(resolve));
  }
  return outcomes;
}

/** The broken promises, each with the command that shows how it came to be. */
function broken(outcomes: readonly Outcome[]): string[] {
  return outcomes
    .filter((outcome) => outcome.violations.length > 0)
    .map(({ scenario, seed, violations }) => `${violations[0]} (SIM_SCENARIO=${scenario} SIM_SEED=${seed})`);
}

function sum(outcomes: readonly Outcome[], count: keyof Outcome['counts']): number {
  return outcomes.reduce((total, outcome) => total + outcome.counts[count], 0);
}

if (replay === null) {
  const PROMISES: Record<ScenarioName, string> = {
    chaos: 'whatever fails, two instances never take writes at once, nothing is lost that a release covers, and all is well once faults stop',
    restore: 'of two restores of the same backup only one becomes the cluster, and nobody follows from the other',
    grants: 'however late an answer and however long a standstill, nobody takes writes longer than its grant allows',
    forceDelete: 'two agents on one volume never let two instances take writes',
    switchover: 'a switchover loses no acknowledged commit and makes no rebuild necessary',
    asked: 'a switchover that a person asks for does the same, and goes to the instance that was named',
    timing: 'a changed timing takes effect without an interruption, in whatever order the agents read it',
    crash: 'a crash of PostgreSQL alone loses no acknowledged commit',
    mostAdvanced: 'when the primary is lost, the replica that has more of its WAL leads',
    stopAll: 'all pods stopped at once and started again make no new timeline and lose nothing',
    apiOutage: 'an outage of the API server fences the primary, which comes back without a failover',
  };
  test.each(Object.entries(PROMISES))('%s: %s', async (name) => {
    expect(broken(await outcomesOf(name as ScenarioName))).toEqual([]);
  }, PATIENCE);

  test('the chaos is chaos: failovers, rewinds, clones, losses and thawed primaries all happen in it', async () => {
    const outcomes = await outcomesOf('chaos');
    for (const count of ['promotions', 'acknowledged', 'lostByExpiry', 'rewinds', 'clones', 'asides', 'thawResidues'] as const) {
      expect([count, sum(outcomes, count) > 0]).toEqual([count, true]);
    }
  }, PATIENCE);
} else {
  test(`replay of seed ${replay}`, async () => {
    const lines: string[] = [];
    const outcome = await simulate((process.env.SIM_SCENARIO ?? 'chaos') as ScenarioName, replay, (line) => lines.push(line));
    process.stdout.write(`${lines.join('\n')}\n${JSON.stringify(outcome.counts)}\n`);
    expect(outcome.violations).toEqual([]);
  }, PATIENCE);
}

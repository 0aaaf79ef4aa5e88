/** What is played: chaos of all kinds, and quiet stories that promise more than chaos can. */
import { fault, healAll, randomFault, startAll } from './faults.js';
import { INSTANCES, type World } from './world.js';

/** After the last fault, everything is well again within this. */
export const RECOVERED_WITHIN = 60_000;
/** It must stay well for this long to count. */
const STEADY = 2_000;

export const SCENARIOS = {
  /** Several faults of any kind at any time, from the bootstrap on. */
  chaos: async (world: World): Promise<void> => {
    startAll(world);
    // Half of the runs begin with a cluster that has come up, the others break its very first steps.
    if (world.random.chance(0.6)) await recovers(world, 'the first start');
    const faults = world.random.integer(1, 12);
    for (let i = 0; i < faults; i++) {
      // Now and then two at almost the same moment.
      await world.scheduler.run(world.scheduler.now + world.random.between(0, world.random.chance(0.3) ? 100 : 6_000));
      const on = world.podOf(favourite(world));
      if (on === null) continue;
      const striking = randomFault(world);
      world.say('WORLD', () => `${striking.name} (${on.uid})`);
      striking.strike(world, on);
    }
    await world.scheduler.run(world.scheduler.now + world.random.between(0, 20_000));
    healAll(world);
    await recovers(world, 'the faults');
  },

  /** A primary whose pod is deleted hands over: nothing is lost, and the service is back soon. */
  switchover: async (world: World): Promise<void> => {
    await quietStart(world);
    for (let i = 0; i < 2; i++) {
      world.deletePod(world.podOf(leader(world))!);
      await recovers(world, 'the switchover');
    }
    expectNoLoss(world);
    if (world.oracle.counts.asides + world.oracle.counts.rewinds > 0) world.oracle.violated('a clean switchover made a rewind or a clone necessary');
  },

  /** PostgreSQL alone dies, again and again (I38). */
  crash: async (world: World): Promise<void> => {
    await quietStart(world);
    for (let i = 0; i < 2; i++) {
      fault('PostgreSQL is killed').strike(world, world.podOf(leader(world))!);
      await recovers(world, 'the crash');
    }
    expectNoLoss(world);
  },

  /** All pods are told to stop at once, and started again later: one clean stop, no timeline made, nothing lost. */
  stopAll: async (world: World): Promise<void> => {
    await quietStart(world);
    const { promotions } = world.oracle.counts;
    for (const instance of INSTANCES) world.stopped.add(instance);
    for (const pod of [...world.pods]) world.deletePod(pod);
    await world.scheduler.run(world.scheduler.now + world.random.between(35_000, 60_000));
    if (world.pods.length > 0) world.oracle.violated('a pod that was told to stop is still there');
    startAll(world);
    await recovers(world, 'the start of everything');
    expectNoLoss(world);
    if (world.oracle.counts.promotions > promotions) world.oracle.violated('a new timeline was made, although everything stopped cleanly');
  },

  /** The API server is away for longer than any grant: fenced, and afterwards the same primary without a needless failover (I33). */
  apiOutage: async (world: World): Promise<void> => {
    await quietStart(world);
    const before = leader(world);
    world.api.condition = world.random.chance(0.5) ? 'refusing' : 'silent';
    await world.scheduler.run(world.scheduler.now + world.random.between(20_000, 70_000));
    if (world.oracle.writers.size > 0) world.oracle.violated('without an API server somebody still takes writes');
    world.api.condition = 'up';
    await recovers(world, 'the outage of the API server');
    expectNoLoss(world);
    const { promotions, asides } = world.oracle.counts;
    if (leader(world) !== before || promotions + asides > 0) world.oracle.violated('the outage of the API server made a failover or a clone');
  },
} as const;

export type ScenarioName = keyof typeof SCENARIOS;

async function quietStart(world: World): Promise<void> {
  startAll(world);
  await recovers(world, 'the first start');
  await world.scheduler.run(world.scheduler.now + world.random.between(0, 5_000));
}

async function recovers(world: World, from: string): Promise<void> {
  const until = world.scheduler.now + RECOVERED_WITHIN;
  for (let well = 0; well < STEADY;) {
    if (world.scheduler.now > until) {
      world.oracle.violated(`not well ${RECOVERED_WITHIN} ms after ${from}: ${world.unhealthy()}`);
      return;
    }
    if (world.oracle.violations.length > 0) return;
    await world.scheduler.run(world.scheduler.now + 250);
    well = world.unhealthy() === null ? well + 250 : 0;
  }
}

function leader(world: World): string {
  return [...world.oracle.writers][0]?.instance ?? INSTANCES[0];
}

/** Faults hit the leader more often than the others: that is where it hurts. */
function favourite(world: World): string {
  return world.random.chance(0.55) ? leader(world) : world.random.pick(INSTANCES);
}

function expectNoLoss(world: World): void {
  const { lostByExpiry, lostByCrash } = world.oracle.counts;
  if (lostByExpiry + lostByCrash > 0) world.oracle.violated(`acknowledged commits were lost: ${world.lostReasons.join('; ')}`);
}

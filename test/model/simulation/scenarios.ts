/** What is played: chaos of all kinds, and quiet stories that promise more than chaos can. */
import { fault, healAll, randomFault, startAll } from './faults.js';
import { API } from './network.js';
import { INSTANCES, type Pod, type World } from './world.js';

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

  /** A new cluster from another one's backup, and whoever restores is cut off, killed or stands still, so that others restore it too (I18, I19). */
  restore: async (world: World): Promise<void> => {
    world.origin = 'backup';
    startAll(world);
    for (let i = world.random.integer(1, 4); i > 0; i--) {
      await world.scheduler.run(world.scheduler.now + world.random.between(200, 12_000));
      const holder = world.api.lease?.holder?.instance ?? INSTANCES[0];
      const pod = world.podOf(world.random.chance(0.8) ? holder : world.random.pick(INSTANCES));
      if (pod === null) continue;
      const how = world.random.integer(0, 2);
      if (how === 0) {pod.container.kill('something kills it');} else if (how === 1) {standStillIn(world, pod);} else {
        for (const other of [API, ...others(pod.instance).map((name) => `node-${name}`)]) {
          world.network.cut(pod.machine.name, other);
          world.network.cut(other, pod.machine.name);
        }
      }
      await world.scheduler.run(world.scheduler.now + world.random.between(0, 16_000));
      if (world.random.chance(0.5)) healAll(world);
    }
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

  /** A person asks for it, for a named instance or for any, also twice at once: the same, and a named one leads. */
  asked: async (world: World): Promise<void> => {
    await quietStart(world);
    for (let i = 0; i < 3; i++) {
      const former = leader(world);
      const to = world.random.chance(0.5) ? world.random.pick(others(former)) : null;
      askForSwitchover(world, former, to);
      if (world.random.chance(0.2)) askForSwitchover(world, former, to);
      await recovers(world, 'the switchover');
      if (leader(world) === former) world.oracle.violated(`${former} leads, although it was asked to hand over to ${to ?? 'anybody'}`);
      if (to !== null && leader(world) !== to) world.oracle.violated(`${leader(world)} leads, although ${to} was named`);
    }
    expectNoLoss(world);
    if (world.oracle.counts.asides + world.oracle.counts.rewinds > 0) world.oracle.violated('a clean switchover made a rewind or a clone necessary');
  },

  /** Git names another timing, longer or shorter, and nothing else happens: the same PostgreSQL goes on. */
  timing: async (world: World): Promise<void> => {
    await quietStart(world);
    const primary = world.serverOf(leader(world));
    for (let i = 0; i < 4; i++) {
      world.changeTiming();
      await world.scheduler.run(world.scheduler.now + world.random.between(5_000, 40_000));
      if (world.serverOf(leader(world)) !== primary) world.oracle.violated('a changed timing ended the primary');
    }
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

  /** Slow answers, clocks at the edge of what is allowed, and agents that stand still just after they were granted something (I2, I6). */
  grants: async (world: World): Promise<void> => {
    await quietStart(world);
    for (let i = 0; i < 4; i++) {
      world.network.delays = world.random.between(0, 0.7);
      await world.scheduler.run(world.scheduler.now + world.random.between(1_000, 6_000));
      standStill(world, leader(world));
      const before = world.api.lease?.holder?.bootId;
      await world.scheduler.run(world.scheduler.now + 25_000, () => (world.api.lease?.holder?.bootId ?? before) !== before);
      // The successor, in the midst of its promotion or soon after.
      await world.scheduler.run(world.scheduler.now + world.random.between(0, 1_500));
      const holder = world.api.lease?.holder ?? null;
      if (holder !== null && world.random.chance(0.7)) standStill(world, holder.instance);
    }
    await world.scheduler.run(world.scheduler.now + 10_000);
    healAll(world);
    await recovers(world, 'the standstills');
  },

  /** Of two replicas, one has stopped receiving when the primary is lost: the other one leads (I10). */
  mostAdvanced: async (world: World): Promise<void> => {
    await quietStart(world);
    const primary = leader(world);
    const [behind, ahead] = world.random.chance(0.5) ? others(primary) : others(primary).reverse();
    world.serverOf(behind!)!.streaming.held = true;
    await world.scheduler.run(world.scheduler.now + world.random.between(1_000, 3_000));
    const lost = world.podOf(primary)!;
    for (const other of [API, ...others(primary).map((name) => `node-${name}`)]) {
      world.network.cut(lost.machine.name, other);
      world.network.cut(other, lost.machine.name);
    }
    lost.container.kill('its node is gone');
    await world.scheduler.run(world.scheduler.now + 30_000, () => world.api.lease?.holder?.instance !== primary && world.oracle.writers.size === 1);
    if (leader(world) !== ahead) world.oracle.violated(`${leader(world)} leads, although ${ahead} had more of the WAL`);
    world.serverOf(behind!)!.streaming.held = false;
    healAll(world);
    await recovers(world, 'the loss of the primary');
  },

  /** A pod is force-deleted while its container lives on: two agents, one volume (I4, I37). */
  forceDelete: async (world: World): Promise<void> => {
    await quietStart(world);
    for (let i = 0; i < 3; i++) {
      const pod = world.podOf(leader(world))!;
      world.forceDeletePod(pod, world.random.between(4_000, 12_000), world.random.between(12_000, 20_000));
      for (let crash = 0; crash < 2; crash++) {
        world.scheduler.after(world.random.between(0, 6_000), () => pod.container.server?.crash(world.random.chance(0.3) ? 2_000 : 0));
      }
      if (world.random.chance(0.4)) world.scheduler.after(world.random.between(0, 4_000), () => standStillIn(world, pod));
      await world.scheduler.run(world.scheduler.now + 21_000);
      await recovers(world, 'the forced deletion');
    }
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

/** Its agent gets no processor for longer than any grant. */
function standStill(world: World, instance: string): void {
  const pod = world.podOf(instance);
  if (pod !== null) standStillIn(world, pod);
}

function standStillIn(world: World, pod: Pod): void {
  const process = pod.container.agent?.process;
  world.say('WORLD', () => `the agent in ${pod.uid} stands still`);
  process?.pause();
  world.scheduler.after(world.random.between(9_000, 16_000), () => process?.continue());
}

function askForSwitchover(world: World, of: string, to: string | null): void {
  world.say('PERSON', () => `asks ${of} to hand over to ${to ?? 'anybody'}`);
  world.podOf(of)?.container.agent?.loop.handOver(to);
}

function others(instance: string): string[] {
  return INSTANCES.filter((name) => name !== instance);
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

/** Everything that can go wrong, each with its own end. */
import { API } from './network.js';
import { INSTANCES, type Pod, type World } from './world.js';

export interface Fault {
  readonly name: string;
  readonly weight: number;
  /** Does it now; undoes it by itself, or when `healAll` comes first. */
  readonly strike: (world: World, on: Pod) => void;
}

/** How long something may be away: often less than a fence, now and then much more. */
function spell(world: World): number {
  const { random } = world;
  return random.chance(0.5) ? random.between(100, 4_000) : random.between(4_000, 25_000);
}

function otherNodes(on: Pod): string[] {
  return INSTANCES.map((name) => `node-${name}`).filter((name) => name !== on.machine.name);
}

function cutFor(world: World, links: readonly (readonly [string, string])[], duration: number): void {
  for (const [from, to] of links) world.network.cut(from, to);
  world.scheduler.after(duration, () => { for (const [from, to] of links) world.network.mend(from, to); });
}

function apiFor(world: World, condition: 'refusing' | 'silent'): void {
  world.api.condition = condition;
  world.scheduler.after(spell(world), () => { world.api.condition = 'up'; });
}

export const FAULTS: readonly Fault[] = [
  { name: 'PostgreSQL is killed', weight: 4, strike: (world, on) => on.container.server?.crash(world.random.chance(0.3) ? world.random.between(100, 3_500) : 0) },
  {
    name: 'PostgreSQL hangs', weight: 1, strike: (world, on) => {
      const server = on.container.server;
      if (server === null) return;
      server.pause();
      world.scheduler.after(spell(world), () => server.continue());
    },
  },
  { name: 'the agent is killed', weight: 3, strike: (_, on) => on.container.killAgent() },
  {
    name: 'the agent is stopped', weight: 3, strike: (world, on) => {
      const process = on.container.agent?.process;
      process?.pause();
      world.scheduler.after(spell(world), () => process?.continue());
    },
  },
  {
    name: 'the container is frozen', weight: 4, strike: (world, on) => {
      const { container } = on;
      container.freeze();
      world.scheduler.after(spell(world), () => container.thaw());
    },
  },
  { name: 'the container is killed', weight: 3, strike: (_, on) => on.container.kill('out of memory') },
  {
    name: 'the node reboots', weight: 1, strike: (_, on) => {
      on.container.kill('the node reboots');
      on.machine.reboot();
    },
  },
  { name: 'the pod is deleted', weight: 4, strike: (world, on) => world.deletePod(on) },
  {
    name: 'the pod is force-deleted', weight: 3, strike: (world, on) => {
      const sigterm = world.random.between(0, 6_000);
      world.forceDeletePod(on, sigterm, sigterm + world.random.between(100, 6_000));
    },
  },
  {
    name: 'all pods are stopped and started', weight: 1, strike: (world) => {
      for (const instance of INSTANCES) world.stopped.add(instance);
      for (const pod of [...world.pods]) world.deletePod(pod);
      world.scheduler.after(world.random.between(3_000, 20_000), () => startAll(world));
    },
  },
  {
    name: 'the node is cut off', weight: 3, strike: (world, on) => {
      const { name } = on.machine;
      const all = [API, ...otherNodes(on)];
      cutFor(world, [...all.map((other) => [name, other] as const), ...all.map((other) => [other, name] as const)], spell(world));
    },
  },
  { name: 'the node does not reach the API server', weight: 2, strike: (world, on) => cutFor(world, [[on.machine.name, API], [API, on.machine.name]], spell(world)) },
  { name: 'answers of the API server do not reach the node', weight: 2, strike: (world, on) => cutFor(world, [[API, on.machine.name]], spell(world)) },
  { name: 'the node does not reach the others', weight: 2, strike: (world, on) => cutFor(world, otherNodes(on).map((other) => [on.machine.name, other] as const), spell(world)) },
  {
    name: 'one link is cut', weight: 2, strike: (world, on) => {
      const other = world.random.pick(otherNodes(on));
      cutFor(world, [[on.machine.name, other], [other, on.machine.name]], spell(world));
    },
  },
  { name: 'the API server is down', weight: 2, strike: (world) => apiFor(world, 'refusing') },
  { name: 'the API server is silent', weight: 2, strike: (world) => apiFor(world, 'silent') },
  {
    name: 'messages are lost and late', weight: 4, strike: (world) => {
      world.network.loss = world.random.between(0, 0.3);
      world.network.delays = world.random.between(0, 0.3);
      world.scheduler.after(spell(world), () => { world.network.loss = 0; world.network.delays = 0; });
    },
  },
  { name: 'a switchover is asked for', weight: 2, strike: (world, on) => on.container.agent?.loop.handOver(world.random.chance(0.5) ? world.random.pick(INSTANCES) : null) },
  { name: 'the timing changes', weight: 2, strike: (world) => world.changeTiming() },
  { name: 'the Lease is deleted', weight: 1, strike: (world) => world.api.deleteLease() },
  { name: 'the state object is deleted', weight: 1, strike: (world) => world.api.deleteState() },
  {
    name: 'WAL is recycled', weight: 1, strike: (_, on) => {
      const server = on.container.server;
      if (server?.accepts) server.streaming.keptFrom = server.data.end;
    },
  },
  {
    name: 'a replica is deleted with its claim', weight: 1, strike: (world, on) => {
      if (world.unhealthy() !== null || on.container.server?.role !== 'standby' || world.api.lease?.leader.release) return;
      world.say('KUBE', () => `pod ${on.uid} and its claim are deleted`);
      on.terminating = true;
      world.replaceVolume(on.instance);
      on.container.kill('deleted with its claim');
    },
  },
];

const TOTAL = FAULTS.reduce((sum, { weight }) => sum + weight, 0);

export function randomFault(world: World): Fault {
  let at = world.random.between(0, TOTAL);
  return FAULTS.find(({ weight }) => (at -= weight) < 0) ?? FAULTS[0]!;
}

/** The one named; for scenarios. */
export function fault(name: string): Fault {
  const found = FAULTS.find((f) => f.name === name);
  if (found === undefined) throw new Error(`no fault is named "${name}"; there are: ${FAULTS.map((f) => f.name).join(', ')}`);
  return found;
}

export function startAll(world: World): void {
  world.stopped.clear();
  for (const instance of INSTANCES) world.startPod(instance);
}

/** From now on nothing is wrong any more but what must be mended by the agents. */
export function healAll(world: World): void {
  world.say('WORLD', () => 'all faults stop');
  world.network.heal();
  world.api.condition = 'up';
  for (const pod of [...world.pods]) {
    pod.container.thaw();
    while (pod.container.agent?.process.paused) pod.container.agent.process.continue();
    while (pod.container.server?.process.paused) pod.container.server.continue();
    if (pod.deleted) pod.container.kill('force-deleted');
  }
  startAll(world);
}

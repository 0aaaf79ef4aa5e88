/** Faults of processes: which ones they are, and how they end. */
import type { Cluster } from '../harness/cluster';
import type { Pod } from '../harness/pods';
import type { Container, Machine, Process } from '../target/machine';

export async function containerOf(machine: Machine, cluster: Cluster, pod: Pod): Promise<Container> {
  const containers = await machine.containers(cluster.namespace, pod.name);
  if (containers.length !== 1) throw new Error(`${pod.name} has ${containers.length} running containers`);
  return containers[0];
}

/** The one whose parent is no other postgres. */
export function postmasterOf(machine: Machine, pod: Pod): Process {
  const postgres = machine.processes(pod.uid).filter(isPostgres);
  return postgres.find(({ parent }) => !postgres.some(({ pid }) => pid === parent)) ?? missing(pod, 'postmaster');
}

export function agentOf(machine: Machine, pod: Pod): Process {
  return machine.processes(pod.uid).find(({ command }) => command.includes('agent.cjs') && !command.includes('pgguard')) ?? missing(pod, 'agent');
}

/** PID 1 of the container: it lives as long as the container does, whatever it kills in there. */
export function guardOf(machine: Machine, pod: Pod): Process {
  return machine.processes(pod.uid).find(({ command }) => command.includes('pgguard init')) ?? missing(pod, 'first process');
}

/** What the container runtime has for each pod: who starts its containers and is told to end them. */
export function shimOf(machine: Machine, pod: Pod): number {
  return guardOf(machine, pod).parent;
}

function missing(pod: Pod, what: string): never {
  throw new Error(`no ${what} runs in ${pod.name}`);
}

/** A server or one of its processes; not a program that only tells its version or tries a configuration. */
export function isPostgres({ command }: Process): boolean {
  return /(^|\/)postgres(:| -D )/.test(command) && !/ -C /.test(command);
}

export function killProcess({ pid }: Process): void {
  process.kill(pid, 'SIGKILL');
}

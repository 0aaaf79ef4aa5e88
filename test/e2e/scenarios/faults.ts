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
export async function postmasterOf(machine: Machine, cluster: Cluster, pod: Pod): Promise<Process> {
  return postmasterAmong(await machine.processes(await containerOf(machine, cluster, pod)));
}

export function postmasterAmong(processes: readonly Process[]): Process {
  const postgres = processes.filter(isPostgres);
  const found = postgres.find(({ parent }) => !postgres.some(({ pid }) => pid === parent));
  if (found === undefined) throw new Error('no postmaster runs in the container');
  return found;
}

export async function agentOf(machine: Machine, cluster: Cluster, pod: Pod): Promise<Process> {
  const processes = await machine.processes(await containerOf(machine, cluster, pod));
  const found = processes.find(({ command }) => command.includes('agent.cjs') && !command.includes('pgguard'));
  if (found === undefined) throw new Error('no agent runs in the container');
  return found;
}

export function isPostgres({ command }: Process): boolean {
  return /(^|\/)postgres(:| |$)/.test(command);
}

export function killProcess({ pid }: Process): void {
  process.kill(pid, 'SIGKILL');
}

/** The faults, as the real cluster allows them. Each resolves when it is over or mended; one that cannot be made just then, because of the others, is none. */
import type { FaultName, Step } from './plan';
import { Cli } from '../harness/cli';
import { NAMES, type Cluster } from '../harness/cluster';
import type { Pod } from '../harness/pods';
import { CLUSTER } from '../harness/program';
import { sleep } from '../harness/wait';
import { agentOf, containerOf, killProcess, postmasterOf } from '../scenarios/faults';
import type { Machine } from '../target/machine';

interface Fault {
  /** What was acknowledged and not yet sent may be lost with it: replication is asynchronous. */
  readonly mayLose: boolean;
  readonly strike: (world: World, pod: Pod, step: Step) => Promise<void>;
}

export interface World {
  readonly cluster: Cluster;
  readonly machine: Machine;
}

export const FAULTS: Readonly<Record<FaultName, Fault>> = {
  'postmaster killed': { mayLose: false, strike: async ({ machine }, pod) => killProcess(postmasterOf(machine, pod)) },
  'agent killed': { mayLose: false, strike: async ({ machine }, pod) => killProcess(agentOf(machine, pod)) },
  'agent stopped': {
    mayLose: true,
    strike: async ({ machine }, pod, { forMs }) => {
      const { pid } = agentOf(machine, pod);
      process.kill(pid, 'SIGSTOP');
      await sleep(forMs);
      // PID 1 may have killed it meanwhile.
      try { process.kill(pid, 'SIGCONT'); } catch { /* it is gone */ }
    },
  },
  'container frozen': {
    mayLose: true,
    strike: async ({ cluster, machine }, pod, { forMs }) => {
      const container = await containerOf(machine, cluster, pod);
      await machine.freeze(container);
      await sleep(forMs);
      await machine.thaw(container);
    },
  },
  'pod deleted': { mayLose: false, strike: async ({ cluster }, pod) => void await cluster.kubectl.outcome(['delete', 'pod', pod.name, '--wait=false']) },
  'pod force-deleted': {
    mayLose: true,
    strike: async ({ cluster }, pod) => void await cluster.kubectl.outcome(['delete', 'pod', pod.name, '--force', '--grace-period=0', '--wait=false']),
  },
  'node cut off': {
    mayLose: true,
    strike: async ({ machine }, pod, { forMs }) => {
      await machine.cutOff(pod.node!);
      await sleep(forMs);
      await machine.putBack(pod.node!);
    },
  },
  'API server stopped': {
    mayLose: false,
    strike: async ({ machine }, _, { forMs }) => {
      await machine.stopApiServer();
      await sleep(forMs);
      await machine.startApiServer();
    },
  },
  'Lease deleted': { mayLose: true, strike: async ({ cluster }) => void await cluster.kubectl.outcome(['delete', 'lease', NAMES.lease, '--ignore-not-found']) },
  'switchover asked': { mayLose: false, strike: async ({ cluster }) => void await new Cli(cluster.namespace).run(['switchover', CLUSTER]) },
  'timing changed': { mayLose: false, strike: async ({ cluster }, _, { timing }) => cluster.apply({ props: { failover: { timing } } }) },
};

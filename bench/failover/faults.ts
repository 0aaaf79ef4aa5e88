/** The faults that are measured; each works on whoever is primary and returns what undoes it. */
import type { Cluster } from '../../test/e2e/harness/cluster';
import { agentOf, containerOf, killProcess, postmasterOf } from '../../test/e2e/scenarios/faults';

export interface Fault {
  readonly needsMachine: boolean;
  inject(cluster: Cluster): Promise<() => Promise<void>>;
}

const nothing = async (): Promise<void> => undefined;

export const FAULTS: { readonly [name: string]: Fault } = {
  'postmaster-killed': {
    needsMachine: true,
    inject: async (cluster) => {
      killProcess(postmasterOf(cluster.target.machine!, await cluster.primary()));
      return nothing;
    },
  },
  'agent-killed': {
    needsMachine: true,
    inject: async (cluster) => {
      killProcess(agentOf(cluster.target.machine!, await cluster.primary()));
      return nothing;
    },
  },
  'switchover': {
    needsMachine: false,
    inject: async (cluster) => {
      await cluster.kubectl.run(['delete', 'pod', (await cluster.primary()).name, '--wait=false']);
      return nothing;
    },
  },
  'force-deleted': {
    needsMachine: false,
    inject: async (cluster) => {
      await cluster.kubectl.run(['delete', 'pod', (await cluster.primary()).name, '--force', '--grace-period=0', '--wait=false']);
      return nothing;
    },
  },
  'frozen': {
    needsMachine: true,
    inject: async (cluster) => {
      const container = await containerOf(cluster.target.machine!, cluster, await cluster.primary());
      await cluster.target.machine!.freeze(container);
      return () => cluster.target.machine!.thaw(container);
    },
  },
  'node-cut': {
    needsMachine: true,
    inject: async (cluster) => {
      const { node } = await cluster.primary();
      await cluster.target.machine!.cutOff(node!);
      return () => cluster.target.machine!.putBack(node!);
    },
  },
};

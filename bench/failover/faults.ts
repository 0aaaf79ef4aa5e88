/** The faults that are measured; each returns what undoes it. */
import type { Cluster } from '../../test/e2e/harness/cluster';
import type { Pod } from '../../test/e2e/harness/pods';
import { Cli } from '../../test/e2e/harness/cli';
import { CLUSTER } from '../../test/e2e/harness/program';
import { agentOf, containerOf, killProcess, postmasterOf } from '../../test/e2e/scenarios/faults';

export interface Fault {
  readonly needsMachine: boolean;
  /** Another instance leads afterwards; otherwise the same one may go on. */
  readonly movesPrimary: boolean;
  inject(cluster: Cluster, primary: Pod): Promise<() => Promise<void>>;
}

const nothing = async (): Promise<void> => undefined;

export const FAULTS: { readonly [name: string]: Fault } = {
  'postmaster-killed': {
    needsMachine: true,
    movesPrimary: false,
    inject: async (cluster, primary) => {
      killProcess(postmasterOf(cluster.target.machine!, primary));
      return nothing;
    },
  },
  'agent-killed': {
    needsMachine: true,
    movesPrimary: false,
    inject: async (cluster, primary) => {
      killProcess(agentOf(cluster.target.machine!, primary));
      return nothing;
    },
  },
  'switchover': {
    needsMachine: false,
    movesPrimary: true,
    inject: async (cluster, primary) => {
      await cluster.kubectl.run(['delete', 'pod', primary.name, '--wait=false']);
      return nothing;
    },
  },
  'switchover-asked': {
    needsMachine: false,
    movesPrimary: true,
    inject: async (cluster) => {
      const { code, stderr } = await new Cli(cluster.namespace).run(['switchover', CLUSTER]);
      if (code !== 0) throw new Error(stderr);
      return nothing;
    },
  },
  'force-deleted': {
    needsMachine: false,
    movesPrimary: true,
    inject: async (cluster, primary) => {
      await cluster.kubectl.run(['delete', 'pod', primary.name, '--force', '--grace-period=0', '--wait=false']);
      return nothing;
    },
  },
  'frozen': {
    needsMachine: true,
    movesPrimary: true,
    inject: async (cluster, primary) => {
      const container = await containerOf(cluster.target.machine!, cluster, primary);
      await cluster.target.machine!.freeze(container);
      return () => cluster.target.machine!.thaw(container);
    },
  },
  'node-cut': {
    needsMachine: true,
    movesPrimary: true,
    inject: async (cluster, primary) => {
      await cluster.target.machine!.cutOff(primary.node!);
      return () => cluster.target.machine!.putBack(primary.node!);
    },
  },
};

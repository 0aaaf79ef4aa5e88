/** The same faults; where Patroni has a way of its own to be asked, that one. */
import { FAULTS, type Fault } from '../../failover/faults';
import { killProcess } from '../../../test/e2e/scenarios/faults';
import { CLUSTER } from '../../../test/e2e/harness/program';

const nothing = async (): Promise<void> => undefined;

export const PATRONI_FAULTS: { readonly [name: string]: Fault } = {
  ...FAULTS,
  'agent-killed': {
    needsMachine: true,
    movesPrimary: false,
    inject: async (cluster, primary) => {
      // PID 1 forks the one that works.
      const all = cluster.target.machine!.processes(primary.uid).filter(({ command }) => command.includes('/patroni '));
      const patroni = all.find(({ parent }) => all.some(({ pid }) => pid === parent)) ?? all[0];
      if (patroni === undefined) throw new Error(`no Patroni runs in ${primary.name}`);
      killProcess(patroni);
      return nothing;
    },
  },
  'switchover-asked': {
    needsMachine: false,
    movesPrimary: true,
    inject: async (cluster, primary) => {
      await cluster.kubectl.run(['exec', primary.name, '--container=postgres', '--', 'patronictl', '-c', '/etc/patroni/patroni.yml', 'switchover', CLUSTER, '--leader', primary.name, '--force']);
      return nothing;
    },
  },
};

import { agentOf, killProcess } from './faults';
import { stoppedFor, writesResume } from './service';
import type { Scenario } from '../harness/scenario';

export const agentKilled: Scenario = {
  name: 'agent-killed',
  promise: 'when the agent of the primary is killed, its PostgreSQL ends with it, writes resume within seconds and no acknowledged row is lost',
  alone: true,
  needsMachine: true,
  async run(trial) {
    const { cluster, ledger, machine, step } = trial;
    const primary = await cluster.primary();
    const agent = agentOf(machine, primary);
    step(`SIGKILL to the agent of instance ${primary.instance}`);
    await ledger.mark();
    killProcess(agent);
    await writesResume(ledger, 60_000);
    await stoppedFor(trial, 10_000);
  },
};

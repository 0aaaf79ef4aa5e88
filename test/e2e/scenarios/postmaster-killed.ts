import { killProcess, postmasterOf } from './faults';
import { stoppedFor, writesResume } from './service';
import type { Scenario } from '../harness/scenario';

export const postmasterKilled: Scenario = {
  name: 'postmaster-killed',
  promise: 'when the postmaster of the primary is killed, writes resume within seconds and no acknowledged row is lost',
  alone: true,
  needsMachine: true,
  async run(trial) {
    const { cluster, ledger, machine, step } = trial;
    const primary = await cluster.primary();
    const postmaster = postmasterOf(machine, primary);
    step(`SIGKILL to the postmaster of instance ${primary.instance}`);
    await ledger.mark();
    killProcess(postmaster);
    await writesResume(ledger, 60_000);
    await stoppedFor(trial, 5_000);
  },
};

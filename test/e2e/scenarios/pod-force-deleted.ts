import { anotherLeads, stoppedFor, writesResume } from './service';
import type { Scenario } from '../harness/scenario';

export const podForceDeleted: Scenario = {
  name: 'pod-force-deleted',
  promise: 'when the pod of the primary is deleted by force, another instance takes over within seconds, and the old one comes back by itself',
  alone: true,
  mayLose: true,
  async run(trial) {
    const { cluster, ledger, step } = trial;
    const primary = await cluster.primary();
    step(`kubectl delete pod ${primary.name} --force --grace-period=0`);
    await ledger.mark();
    await cluster.kubectl.run(['delete', 'pod', primary.name, '--force', '--grace-period=0', '--wait=false']);
    await anotherLeads(cluster, primary);
    await writesResume(ledger, 60_000);
    await stoppedFor(trial, 15_000);
  },
};

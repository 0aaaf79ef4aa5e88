/**
 * `npm run bench:failover -- --fault NAME --runs N`: the time without an acknowledged write, measured by a client that writes each 10 ms
 * through the read-write Service. One JSON line per run on stdout; nothing else should be running on the machine.
 */
import { parseArgs } from 'node:util';
import { Cluster } from '../../test/e2e/harness/cluster';
import type { Ledger } from '../../test/e2e/harness/ledger';
import type { Pod } from '../../test/e2e/harness/pods';
import { say } from '../../test/e2e/harness/say';
import { sleep } from '../../test/e2e/harness/wait';
import { startLedger } from '../../test/e2e/harness/workload';
import { anotherLeads, writesResume } from '../../test/e2e/scenarios/service';
import { chooseTarget, THREE_WAYS } from '../../test/e2e/target/choose';
import { FAULTS, type Fault } from './faults';

/** After the cluster is whole again: checkpoints and slots come to rest. */
const REST_MS = 3_000;

async function main(): Promise<number> {
  const { values: { fault: name = '', runs = '1' } } = parseArgs({ options: { fault: { type: 'string' }, runs: { type: 'string' } } });
  const fault = FAULTS[name];
  if (fault === undefined || !(Number(runs) >= 1)) {
    console.error(`usage: npm run bench:failover -- --fault NAME [--runs N]\nfaults: ${Object.keys(FAULTS).join(', ')}`);
    return 64;
  }
  const target = await chooseTarget();
  if (target === null) {
    console.error(THREE_WAYS);
    return 1;
  }
  if (fault.needsMachine && target.machine === null) {
    console.error(`${name} needs the test cluster of this repository: unset KUBECONFIG`);
    return 1;
  }
  const run = Date.now().toString(36);
  const cluster = await Cluster.create(target, `bench-${run}`, `dist/e2e/bench/${run}`);
  try {
    await cluster.apply();
    await cluster.healthy(300_000);
    const access = await cluster.access();
    for (let i = 1; i <= Number(runs); i++) {
      await sleep(REST_MS);
      const ledger = await startLedger(cluster, access);
      const primary = await cluster.primary();
      say(`run ${i}: ${name} on instance ${primary.instance}`);
      await ledger.mark();
      const undo = await fault.inject(cluster, primary);
      const outageMs = await measured(cluster, ledger, primary, fault).finally(undo);
      await cluster.healthy(180_000);
      const { acknowledged, lost } = await ledger.verify();
      ledger.close();
      console.log(JSON.stringify({ fault: name, outageMs, acknowledged, lost }));
    }
    return 0;
  } finally {
    await cluster.remove();
  }
}

async function measured(cluster: Cluster, ledger: Ledger, old: Pod, fault: Fault): Promise<number> {
  if (fault.movesPrimary) await anotherLeads(cluster, old, 120_000);
  return writesResume(ledger, 120_000);
}

void main().then((code) => process.exit(code), (error: unknown) => {
  console.error(error);
  process.exit(1);
});

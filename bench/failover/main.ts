/**
 * `npm run bench:failover -- --fault NAME --runs N [--peer patroni]`: the time without an acknowledged write, measured by a client that writes each
 * 10 ms through the read-write Service. One JSON line per run on stdout, and at the end a line with the least, the middle and the most. With a peer the
 * same fault is then made to it, on the same machine, and the last line has the ratio of the two. Nothing else should be running.
 */
import { parseArgs } from 'node:util';
import { Cluster } from '../../test/e2e/harness/cluster';
import type { Ledger } from '../../test/e2e/harness/ledger';
import type { Pod } from '../../test/e2e/harness/pods';
import { output } from '../../test/e2e/harness/run';
import { say } from '../../test/e2e/harness/say';
import { sleep } from '../../test/e2e/harness/wait';
import { startLedger } from '../../test/e2e/harness/workload';
import { anotherLeads, writesResume } from '../../test/e2e/scenarios/service';
import { chooseTarget, THREE_WAYS } from '../../test/e2e/target/choose';
import { CLUSTER as CLUSTER_PROGRAM } from '../../test/e2e/target/machine';
import { FAULTS, type Fault } from './faults';
import { PatroniCluster } from '../peers/patroni/cluster';
import { PATRONI_FAULTS } from '../peers/patroni/faults';

const PEER_IMAGE = 'bench/peers/patroni/image.sh';
/** After the cluster is whole again: checkpoints and slots come to rest. */
const REST_MS = 3_000;

interface Summary {
  readonly fault: string;
  readonly system: string;
  readonly runs: number;
  readonly minMs: number;
  readonly medianMs: number;
  readonly maxMs: number;
  readonly lost: number;
}

async function main(): Promise<number> {
  const { values: { fault = '', runs = '1', peer } } = parseArgs({ options: { fault: { type: 'string' }, runs: { type: 'string' }, peer: { type: 'string' } } });
  if (FAULTS[fault] === undefined || !(Number(runs) >= 1) || (peer !== undefined && peer !== 'patroni')) {
    console.error(`usage: npm run bench:failover -- --fault NAME [--runs N] [--peer patroni]\nfaults: ${Object.keys(FAULTS).join(', ')}`);
    return 64;
  }
  // Inside the test cluster's network nothing can be fetched any more.
  const target = await chooseTarget(async () => { if (peer !== undefined) await output([PEER_IMAGE]); });
  if (target === null) {
    console.error(THREE_WAYS);
    return 1;
  }
  if (FAULTS[fault].needsMachine && target.machine === null) {
    console.error(`${fault} needs the test cluster of this repository: unset KUBECONFIG`);
    return 1;
  }
  const run = Date.now().toString(36);
  const ours = await series('cdk8s-postgres', await Cluster.create(target, `bench-${run}`, `dist/e2e/bench/${run}`), fault, FAULTS[fault], Number(runs));
  if (peer === undefined) return 0;
  await output([CLUSTER_PROGRAM, 'load', (await output([PEER_IMAGE])).trim()], { show: true });
  const patroni = await PatroniCluster.create(target, `bench-${run}-peer`, `dist/e2e/bench/${run}-peer`);
  const theirs = await series(peer, patroni, fault, PATRONI_FAULTS[fault], Number(runs), () => patroni.prepare());
  console.log(JSON.stringify({ fault, peer, timesFaster: Math.round(10 * theirs.medianMs / ours.medianMs) / 10 }));
  return 0;
}

async function series(system: string, cluster: Cluster, name: string, fault: Fault, runs: number, prepare: () => Promise<void> = async () => undefined): Promise<Summary> {
  const outages: number[] = [];
  let missing = 0;
  try {
    await cluster.apply();
    await cluster.healthy(300_000);
    await prepare();
    const access = await cluster.access();
    for (let i = 1; i <= runs; i++) {
      await sleep(REST_MS);
      const ledger = await startLedger(cluster, access);
      const primary = await cluster.primary();
      say(`${system}, run ${i}: ${name} on instance ${primary.instance}`);
      await ledger.mark();
      const undo = await fault.inject(cluster, primary);
      const outageMs = await measured(cluster, ledger, primary, fault).finally(undo);
      await cluster.healthy(180_000);
      const { acknowledged, lost } = await ledger.verify();
      ledger.close();
      outages.push(outageMs);
      missing += lost;
      console.log(JSON.stringify({ system, fault: name, outageMs, acknowledged, lost }));
    }
  } finally {
    await cluster.remove();
  }
  const sorted = [...outages].sort((x, y) => x - y);
  const summary = { fault: name, system, runs, minMs: sorted[0], medianMs: sorted[Math.floor((runs - 1) / 2)], maxMs: sorted[runs - 1], lost: missing };
  console.log(JSON.stringify(summary));
  return summary;
}

async function measured(cluster: Cluster, ledger: Ledger, old: Pod, fault: Fault): Promise<number> {
  if (fault.movesPrimary) await anotherLeads(cluster, old, 120_000);
  return writesResume(ledger, 120_000);
}

void main().then((code) => process.exit(code), (error: unknown) => {
  console.error(error);
  process.exit(1);
});

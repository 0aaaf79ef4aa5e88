import { anotherLeads, stoppedFor, writesResume } from './service';
import type { Scenario } from '../harness/scenario';
import { now, sleep } from '../harness/wait';

const CUT_MS = 60_000;

export const nodeCut: Scenario = {
  name: 'node-cut',
  promise: 'a primary on a node that is cut off stops accepting writes before another instance begins, even from that node itself, and rejoins later',
  alone: true,
  needsMachine: true,
  mayLose: true,
  fences: true,
  async run(trial) {
    const { cluster, ledger, machine, probeFromNode, step } = trial;
    const primary = await cluster.primary();
    const node = primary.node!;
    probeFromNode(node);
    await sleep(1_000);
    step(`cutting off ${node} with instance ${primary.instance}`);
    await ledger.mark();
    await machine.cutOff(node);
    const cutAt = now();
    try {
      await anotherLeads(cluster, primary);
      const outage = await writesResume(ledger, 60_000);
      step(`writes resumed after ${outage} ms`);
      await stoppedFor(trial, 20_000);
      await sleep(cutAt + CUT_MS - now());
    } finally {
      await machine.putBack(node);
    }
    step(`${node} is back`);
  },
};

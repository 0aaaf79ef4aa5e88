import assert from 'node:assert/strict';
import { writesResume } from './service';
import { REPLACING } from '../harness/logs';
import type { Scenario } from '../harness/scenario';
import { sleep } from '../harness/wait';

const STOPPED_MS = 60_000;

export const apiServerStopped: Scenario = {
  name: 'api-server-stopped',
  promise: 'after a minute without an API server the fenced primary goes on as it was: no split, no other leader, no clone',
  alone: true,
  needsMachine: true,
  fences: true,
  async run({ cluster, ledger, machine, step }) {
    const before = await cluster.primary();
    const { position } = await cluster.status(before);
    const startedAt = new Date();
    step('stopping the API server');
    await ledger.mark();
    await machine.stopApiServer();
    try {
      await sleep(STOPPED_MS);
    } finally {
      await machine.startApiServer();
    }
    step('the API server is back');
    await writesResume(ledger, 60_000);
    // Controllers and kubelets take up their work again in their own time.
    await cluster.healthy(180_000);
    const after = await cluster.primary();
    assert.equal(after.uid, before.uid, 'the same instance leads');
    assert.equal((await cluster.status(after)).position?.timeline, position?.timeline, 'on the same timeline');
    assert.deepEqual(cluster.logs.decided(startedAt, REPLACING), [], 'no instance was cloned or rewound');
  },
};

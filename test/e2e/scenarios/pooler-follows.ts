import assert from 'node:assert/strict';
import { killProcess, postmasterOf } from './faults';
import { anotherLeads, writesResume } from './service';
import { PoolMode } from '../../../src';
import { NAMES } from '../harness/cluster';
import { Pooler } from '../harness/pooler';
import type { Scenario } from '../harness/scenario';
import { eventually, sleep, yes } from '../harness/wait';

const TAKEN_OVER_WITHIN_MS = 60_000;

export const poolerFollows: Scenario = {
  name: 'pooler-follows',
  promise: 'a pooler follows the primary without a restart, takes changed settings over without dropping a client, and ends without dropping a transaction',
  startsEmpty: true,
  needsMachine: true,
  async run(trial) {
    const { cluster, machine, startClients, step } = trial;
    const pooler = new Pooler(cluster, { mode: PoolMode.TRANSACTION, poolSize: 10 });
    try {
      await cluster.apply(pooler.program);
      await cluster.healthy(180_000);
      const pods = await pooler.ready();
      await startClients(NAMES.poolerService);
      const { ledger } = trial;

      step('a changed setting');
      await ledger.mark();
      await cluster.apply({ props: { pooler: { ...pooler.options, poolSize: 11, parameters: { query_wait_timeout: '60' } } } });
      await eventually('the setting to be in force', { withinMs: TAKEN_OVER_WITHIN_MS }, async () => (
        yes((await Promise.all(pods.map((pod) => pooler.setting(pod, 'query_wait_timeout')))).every((value) => value === '60'))));
      await sleep(1_000);
      const reload = await ledger.report();
      assert.equal(reload.connectionsSinceMark, 0, 'no client was dropped');
      assert.equal(await pooler.setting(pods[0], 'default_pool_size'), '11');

      const first = await cluster.primary();
      step(`SIGKILL to the postmaster of instance ${first.instance}`);
      await ledger.mark();
      killProcess(postmasterOf(machine, first));
      const crash = await writesResume(ledger, 30_000);
      await cluster.healthy(120_000);

      const second = await cluster.primary();
      step(`kubectl delete pod ${second.name}`);
      await ledger.mark();
      await cluster.kubectl.run(['delete', 'pod', second.name, '--wait=false']);
      await anotherLeads(cluster, second);
      const switchover = await writesResume(ledger, 60_000);
      await cluster.healthy(120_000);
      for (const pod of await pooler.ready()) {
        assert.ok(pods.some(({ uid }) => uid === pod.uid) && pod.restarts === 0, `${pod.name} has run all the time`);
        assert.equal((await pooler.status(pod)).primary, (await cluster.primary()).instance);
        assert.deepEqual((await pooler.status(pod)).problems, []);
      }

      step('replacing the pooler\'s pods');
      await ledger.mark();
      await cluster.kubectl.run(['rollout', 'restart', `deployment/${NAMES.pooler}`]);
      await cluster.kubectl.run(['rollout', 'status', `deployment/${NAMES.pooler}`, '--timeout=180s'], { timeoutMs: 190_000 });
      await eventually('the old pods to be gone', { withinMs: 90_000 }, () => yes(!pooler.pods.all.some(({ uid }) => pods.some((old) => old.uid === uid))));
      const { longestMs: replaced } = await ledger.report();

      assert.ok(crash < 5_000, `after the crash writes stopped for ${crash} ms`);
      assert.ok(switchover < 6_000, `in the switchover writes stopped for ${switchover} ms`);
      assert.ok(replaced < 2_000, `while the pooler's pods were replaced writes stopped for ${replaced} ms`);
      return { reloadMs: reload.longestMs, crashMs: crash, switchoverMs: switchover, replacedMs: replaced };
    } finally {
      pooler.close();
    }
  },
};

import assert from 'node:assert/strict';
import { killProcess, postmasterOf } from './faults';
import { anotherLeads, stoppedFor, undisturbed } from './service';
import { PoolMode } from '../../../src';
import { NAMES } from '../harness/cluster';
import type { Ledger, LedgerReport } from '../harness/ledger';
import { Pooler } from '../harness/pooler';
import type { Scenario } from '../harness/scenario';
import { eventually, sleep, yes } from '../harness/wait';

const TAKEN_OVER_WITHIN_MS = 60_000;
const STEADY_MS = 1_000;

/** Writes have gone on for a while. A client whose writes met the pause has seen no error at all, so none is waited for. */
function served(ledger: Ledger): Promise<LedgerReport> {
  return eventually('writes that go on', { withinMs: 30_000, everyMs: 100 }, async () => {
    const report = await ledger.report();
    return report.steadyMs >= STEADY_MS && report.silentMs < STEADY_MS ? report : null;
  });
}

export const poolerFollows: Scenario = {
  name: 'pooler-follows',
  promise: 'a pooler follows the primary without a restart, takes changed settings over without dropping a client, and ends without dropping a transaction',
  alone: true,
  begins: 'nothing',
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
      const reloadMs = await undisturbed(ledger);
      assert.equal(await pooler.setting(pods[0], 'default_pool_size'), '11');

      const first = await cluster.primary();
      step(`SIGKILL to the postmaster of instance ${first.instance}`);
      await ledger.mark();
      killProcess(postmasterOf(machine, first));
      await anotherLeads(cluster, first);
      const crash = await served(ledger);
      await stoppedFor(trial, 5_000, 'after the crash ');
      await cluster.healthy(120_000);

      const second = await cluster.primary();
      step(`kubectl delete pod ${second.name}`);
      await ledger.mark();
      await cluster.kubectl.run(['delete', 'pod', second.name, '--wait=false']);
      await anotherLeads(cluster, second);
      const switchover = await served(ledger);
      await stoppedFor(trial, 6_000, 'in the switchover ');
      await cluster.healthy(120_000);
      for (const pod of await pooler.ready()) {
        assert.ok(pods.some(({ uid }) => uid === pod.uid) && pod.restarts === 0, `${pod.name} has run all the time`);
        const { instance } = await cluster.primary();
        await eventually(`${pod.name} to point to instance ${instance} without a problem`, { withinMs: TAKEN_OVER_WITHIN_MS }, async () => {
          const { primary, problems } = await pooler.status(pod);
          return yes(primary === instance && problems.length === 0);
        });
      }

      step('replacing the pooler\'s pods');
      await ledger.mark();
      await cluster.kubectl.run(['rollout', 'restart', `deployment/${NAMES.pooler}`]);
      await cluster.kubectl.run(['rollout', 'status', `deployment/${NAMES.pooler}`, '--timeout=180s'], { timeoutMs: 190_000 });
      await eventually('the old pods to be gone', { withinMs: 90_000 }, () => yes(!pooler.pods.all.some(({ uid }) => pods.some((old) => old.uid === uid))));
      const { longestMs: replaced } = await ledger.report();
      await stoppedFor(trial, 2_000, 'while the pooler\'s pods were replaced ');
      return {
        reloadMs, crashMs: crash.longestMs, crashErrors: crash.interruptions,
        switchoverMs: switchover.longestMs, switchoverErrors: switchover.interruptions, replacedMs: replaced,
      };
    } finally {
      pooler.close();
    }
  },
};

import assert from 'node:assert/strict';
import { hasWarningEvent, showsProblem } from './problems';
import { undisturbed } from './service';
import { PGDATA } from '../../../src/contract';
import type { Cluster } from '../harness/cluster';
import type { Scenario } from '../harness/scenario';
import { eventually, yes } from '../harness/wait';

const CONTROL = `${PGDATA}/global/pg_control`;

const shell = (cluster: Cluster, instance: string, script: string): Promise<string> =>
  cluster.kubectl.run(['exec', cluster.pod(instance).name, '--container=postgres', '--', 'sh', '-euc', script]);

export const unusableData: Scenario = {
  name: 'unusable-data',
  promise: 'a replica whose data directory is of another major, unreadable, or of another system leaves it alone, says so, and recovers when it is put right',
  async run({ cluster, ledger, step }) {
    const [{ instance, name, uid }] = await cluster.replicas();
    const startedAt = new Date();
    await ledger.mark();
    step(`instance ${instance}: a data directory of PostgreSQL 16`);
    await shell(cluster, instance, `cp ${PGDATA}/PG_VERSION ${PGDATA}/../version && echo 16 > ${PGDATA}/PG_VERSION`);
    await cluster.kubectl.run(['delete', 'pod', name]);
    await eventually('its new pod', { withinMs: 60_000 }, () => yes((cluster.pods.of(instance)?.uid ?? uid) !== uid && cluster.pods.of(instance)?.started === true));
    await showsProblem(cluster, instance, /^Blocked: MajorMismatch.*16/);
    await hasWarningEvent(cluster, instance, /MajorMismatch/);

    step('one that cannot be read');
    await shell(cluster, instance, `chmod 000 ${PGDATA}`);
    await showsProblem(cluster, instance, /^Blocked: DataUnreadable/);

    // Each change is one rename: an agent that looked in the middle of it would find data to start, or none, and would rightly do so.
    step('one of another system');
    await shell(cluster, instance, `initdb --pgdata=${PGDATA}.other --no-sync >/dev/null && chmod 700 ${PGDATA} && cp ${CONTROL} ${PGDATA}/../control`);
    await shell(cluster, instance, `mv ${PGDATA}.other/global/pg_control ${CONTROL} && rm -rf ${PGDATA}.other && mv ${PGDATA}/../version ${PGDATA}/PG_VERSION`);
    await showsProblem(cluster, instance, /^Blocked: SystemIdMismatch/);

    step('and the right one again');
    await shell(cluster, instance, `mv ${PGDATA}/../control ${CONTROL}`);
    await cluster.healthy(120_000);
    await undisturbed(ledger);
    const replaced = cluster.logs.since(startedAt).filter(({ fields }) => ['clone', 'setAside', 'rewind'].includes(String(fields.decision)));
    assert.deepEqual(replaced, [], 'what was there was left alone');
  },
};

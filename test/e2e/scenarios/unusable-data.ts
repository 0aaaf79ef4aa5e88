import assert from 'node:assert/strict';
import { hasWarningEvent, showsProblem } from './problems';
import { undisturbed } from './service';
import { PGDATA } from '../../../src/contract';
import type { Cluster } from '../harness/cluster';
import type { Scenario } from '../harness/scenario';
import { eventually, yes } from '../harness/wait';

const shell = (cluster: Cluster, instance: string, script: string): Promise<string> =>
  cluster.kubectl.run(['exec', cluster.pod(instance).name, '--container=postgres', '--', 'sh', '-euc', script]);

export const unusableData: Scenario = {
  name: 'unusable-data',
  promise: 'a replica whose data directory is of another major, unreadable, or of another system leaves it alone, says so, and recovers when it is put right',
  async run({ cluster, ledger, step }) {
    const [{ instance, name, uid }] = await cluster.replicas();
    await ledger.mark();
    step(`instance ${instance}: a data directory of PostgreSQL 16`);
    await shell(cluster, instance, `cp ${PGDATA}/PG_VERSION ${PGDATA}/../version && echo 16 > ${PGDATA}/PG_VERSION`);
    await cluster.kubectl.run(['delete', 'pod', name]);
    await eventually('its new pod', { withinMs: 60_000 }, () => yes((cluster.pods.of(instance)?.uid ?? uid) !== uid && cluster.pods.of(instance)?.started === true));
    await showsProblem(cluster, instance, /^Blocked: MajorMismatch.*16/);
    await hasWarningEvent(cluster, instance, /MajorMismatch/);

    step('one that cannot be read');
    await shell(cluster, instance, `mv ${PGDATA}/../version ${PGDATA}/PG_VERSION && chmod 000 ${PGDATA}`);
    await showsProblem(cluster, instance, /^Blocked: DataUnreadable/);

    step('one of another system');
    await shell(cluster, instance, `chmod 700 ${PGDATA} && mv ${PGDATA} ${PGDATA}.right`);
    await shell(cluster, instance, `initdb --pgdata=${PGDATA}.other --no-sync >/dev/null && rm -rf ${PGDATA} && mv ${PGDATA}.other ${PGDATA}`);
    await showsProblem(cluster, instance, /^Blocked: SystemIdMismatch/);
    const other = await shell(cluster, instance, `pg_controldata ${PGDATA} | head -3`);
    assert.match(other, /system identifier/, 'what is there was left alone');

    step('and the right one again');
    await shell(cluster, instance, `mv ${PGDATA} ${PGDATA}.other && mv ${PGDATA}.right ${PGDATA} && rm -rf ${PGDATA}.other`);
    await cluster.healthy(120_000);
    await undisturbed(ledger);
  },
};

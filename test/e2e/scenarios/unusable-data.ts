import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { hasWarningEvent, showsProblem } from './problems';
import { undisturbed } from './service';
import { PGDATA } from '../../../src/contract';
import type { Cluster } from '../harness/cluster';
import { REPLACING } from '../harness/logs';
import type { Scenario } from '../harness/scenario';
import { eventually, yes } from '../harness/wait';

/** Beside the data directory. */
const [OTHER, VERSION, KEPT] = ['other', 'version', 'kept'].map((name) => `${dirname(PGDATA)}/${name}`);

const shell = (cluster: Cluster, instance: string, script: string): Promise<string> =>
  cluster.kubectl.run(['exec', cluster.pod(instance).name, '--container=postgres', '--', 'sh', '-euc', script]);

const otherMajor = `echo 16 > ${PGDATA}/new && mv ${PGDATA}/new ${PGDATA}/PG_VERSION`;

/**
 * Exchanges the data with the other directory's. Meanwhile it is of another major: an agent that looked in the middle of it would find
 * nothing there, or something to start, and would rightly do so.
 */
const exchange = (cluster: Cluster, instance: string): Promise<string> => shell(cluster, instance, `
  ${otherMajor}
  rm ${OTHER}/PG_VERSION
  mkdir ${KEPT}
  find ${PGDATA} -mindepth 1 -maxdepth 1 ! -name PG_VERSION -exec mv -t ${KEPT} {} +
  find ${OTHER} -mindepth 1 -maxdepth 1 -exec mv -t ${PGDATA} {} +
  find ${KEPT} -mindepth 1 -maxdepth 1 -exec mv -t ${OTHER} {} +
  rmdir ${KEPT}
  cp ${VERSION} ${OTHER}/PG_VERSION
  cp ${VERSION} ${KEPT}.version && mv ${KEPT}.version ${PGDATA}/PG_VERSION`);

export const unusableData: Scenario = {
  name: 'unusable-data',
  promise: 'a replica whose data directory is of another major, unreadable, or of another system leaves it alone, says so, and recovers when it is put right',
  async run({ cluster, ledger, step }) {
    const [{ instance, name, uid }] = await cluster.replicas();
    const startedAt = new Date();
    await ledger.mark();
    step(`instance ${instance}: a data directory of PostgreSQL 16`);
    await shell(cluster, instance, `cp ${PGDATA}/PG_VERSION ${VERSION} && ${otherMajor}`);
    await cluster.kubectl.run(['delete', 'pod', name]);
    await eventually('its new pod', { withinMs: 60_000 }, () => yes((cluster.pods.of(instance)?.uid ?? uid) !== uid && cluster.pods.of(instance)?.started === true));
    await showsProblem(cluster, instance, /^Blocked: MajorMismatch.*16/);
    await hasWarningEvent(cluster, instance, /MajorMismatch/);

    step('one that cannot be read');
    await shell(cluster, instance, `chmod 000 ${PGDATA}`);
    await showsProblem(cluster, instance, /^Blocked: DataUnreadable/);

    step('one of another system');
    await shell(cluster, instance, `initdb --pgdata=${OTHER} --no-sync >/dev/null && chmod 700 ${PGDATA}`);
    await exchange(cluster, instance);
    await showsProblem(cluster, instance, /^Blocked: SystemIdMismatch/);

    step('and the right one again');
    await exchange(cluster, instance);
    await shell(cluster, instance, `rm -rf ${OTHER} ${VERSION}`);
    await cluster.healthy(120_000);
    await undisturbed(ledger);
    assert.deepEqual(cluster.logs.decided(startedAt, REPLACING), [], 'what was there was left alone');
  },
};

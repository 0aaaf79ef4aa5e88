import assert from 'node:assert/strict';
import { INSTANCES, type Program } from '../harness/program';
import type { Scenario } from '../harness/scenario';
import { eventually, sleep, yes } from '../harness/wait';

const RENAMED: Program = { props: { instanceList: INSTANCES.map(({ name, zone }) => ({ name: `new${name}`, zone })) } };
const REFUSES_FOR_MS = 20_000;
const BACK_WITHIN_MS = 180_000;

export const instancesRenamed: Scenario = {
  name: 'instances-renamed',
  promise: 'all instances renamed in one commit: nothing is initialized, the status says what happened, and the revert restores service',
  async run({ cluster, ledger, step }) {
    const { systemId } = await cluster.status(await cluster.primary());
    await ledger.mark();
    step('renaming all instances: applying the new ones, pruning the old ones');
    await cluster.apply(RENAMED);
    await cluster.delete(({ kind }) => kind === 'StatefulSet');
    const renamed = () => cluster.pods.all.filter(({ instance }) => instance.startsWith('new'));
    await eventually('the status of the renamed to say what happened', { withinMs: 180_000, everyMs: 500 }, async () => {
      const statuses = await Promise.all(renamed().map((pod) => cluster.status(pod)));
      return yes(statuses.length === 3 && statuses.every(({ problems }) => problems.some(({ message }) => message.includes('InitializedWithoutData'))));
    });
    await sleep(REFUSES_FOR_MS);
    for (const pod of renamed()) assert.equal((await cluster.status(pod)).postgres, 'stopped', 'no PostgreSQL runs');
    step('reverting it');
    await cluster.delete(({ kind }) => kind === 'StatefulSet', RENAMED);
    await cluster.apply();
    await cluster.healthy(BACK_WITHIN_MS);
    await cluster.delete(({ kind, metadata }) => kind === 'PersistentVolumeClaim' && metadata.name.includes('new'), RENAMED);
    assert.equal((await cluster.status(await cluster.primary())).systemId, systemId, 'the same system');
  },
};

import { rolls } from './rollout';
import type { Scenario } from '../harness/scenario';

export const rolloutBySetImage: Scenario = {
  name: 'rollout-by-set-image',
  promise: 'an image that is set by kubectl on all StatefulSets at once is rolled out one by one',
  needsMachine: true,
  async run({ cluster, ledger, machine, step }) {
    const { postgres } = cluster.target.images;
    const again = `${postgres}-by-another-name`;
    await machine.tagImage(postgres, again);
    step(`kubectl set image statefulset --all postgres=${again}`);
    const figures = await rolls(cluster, ledger, async () => void await cluster.kubectl.run(['set', 'image', 'statefulset', '--all', `postgres=${again}`]));
    await rolls(cluster, ledger, () => cluster.apply());
    return figures;
  },
};

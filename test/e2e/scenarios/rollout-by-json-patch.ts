import { JsonPatch } from 'cdk8s';
import { rolls } from './rollout';
import type { Program } from '../harness/program';
import type { Scenario } from '../harness/scenario';

/** Something that no prop has. */
const PATCHED: Program = {
  also: (_, cluster) => {
    for (const { statefulSet } of cluster.instances) {
      statefulSet.addJsonPatch(JsonPatch.add('/spec/template/spec/containers/0/env/-', { name: 'PATCHED_BY_USER', value: 'yes' }));
    }
  },
};

export const rolloutByJsonPatch: Scenario = {
  name: 'rollout-by-json-patch',
  promise: 'a field that the user patched into all pod templates is rolled out like any other',
  async run({ cluster, ledger, step }) {
    step('applying the program with a JSON patch on every StatefulSet');
    const figures = await rolls(cluster, ledger, () => cluster.apply(PATCHED));
    await rolls(cluster, ledger, () => cluster.apply());
    return figures;
  },
};

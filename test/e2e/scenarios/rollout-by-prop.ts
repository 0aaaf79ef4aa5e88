import { Cpu } from 'cdk8s-plus-28';
import { rolls } from './rollout';
import type { Scenario } from '../harness/scenario';

export const rolloutByProp: Scenario = {
  name: 'rollout-by-prop',
  promise: 'a changed prop rolls the replicas one by one, then the primary after a switchover, with at most one interruption',
  async run({ cluster, ledger, step }) {
    step('applying the program with other resources');
    const figures = await rolls(cluster, ledger, () => cluster.apply({ props: { resources: { cpu: { request: Cpu.millis(250) } } } }));
    step('applying it as it was');
    return { ...figures, back: await rolls(cluster, ledger, () => cluster.apply()) };
  },
};

import { hasWarningEvent, showsNoProblem, showsProblem } from './problems';
import { undisturbed } from './service';
import { SPEC_KEY } from '../../../src/contract';
import { NAMES } from '../harness/cluster';
import { INSTANCES } from '../harness/program';
import type { Scenario } from '../harness/scenario';

export const brokenSpec: Scenario = {
  name: 'broken-spec',
  promise: 'a spec that cannot be read is told in status and Events while service goes on with the last good one, and its repair clears it',
  async run({ cluster, ledger, step }) {
    await ledger.mark();
    step('replacing the spec by broken JSON');
    await cluster.kubectl.run(['patch', 'configmap', NAMES.spec, '--type=merge', '-p', JSON.stringify({ data: { [SPEC_KEY]: '{ "specVersion": 1,' } })]);
    for (const { name } of INSTANCES) await showsProblem(cluster, name, /^SpecProblem/);
    await hasWarningEvent(cluster, INSTANCES[0].name, /^SpecProblem/);
    step('applying the right one');
    await cluster.apply();
    for (const { name } of INSTANCES) await showsNoProblem(cluster, name, /^SpecProblem/);
    await undisturbed(ledger);
  },
};

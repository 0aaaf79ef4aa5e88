/**
 * `npm run test:nemesis -- [--runs N] [--seed S] [--keep]`: N runs from seed S on, one after the other on one cluster for as long as it stays whole. The
 * same seed makes the same plan again; what the cluster makes of it depends on the machine, too.
 */
import { parseArgs } from 'node:util';
import { planOf } from './plan';
import { nemesisOf } from './scenario';
import { INSTANCES } from '../harness/program';
import { say } from '../harness/say';
import { Suite } from '../harness/suite';
import { chooseTarget, THREE_WAYS } from '../target/choose';

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { runs: { type: 'string', default: '1' }, seed: { type: 'string', default: '1' }, keep: { type: 'boolean', default: false } } });
  const [runs, first] = [Number(values.runs), Number(values.seed)];
  if (!(runs >= 1) || !Number.isInteger(first)) {
    console.error('usage: npm run test:nemesis -- [--runs N] [--seed S] [--keep]');
    return 64;
  }
  const target = await chooseTarget();
  if (target === null || target.machine === null) {
    console.error(target === null ? THREE_WAYS : 'the faults need the test cluster of this repository: unset KUBECONFIG');
    return 1;
  }
  const run = Date.now().toString(36);
  const suite = new Suite(target, run, `dist/e2e/nemesis/${run}`, values.keep);
  await suite.runAll(Array.from({ length: runs }, (_, i) => nemesisOf(first + i)));
  const failed = suite.results.filter(({ passed }) => !passed);
  for (const { scenario, error } of failed) {
    const seed = Number(scenario.split('-')[1]);
    say(`failed: seed ${seed}: ${error?.split('\n')[0]}`);
    for (const { atMs, fault, on, forMs } of planOf(seed, INSTANCES.map(({ name }) => name))) say(`  at ${atMs} ms: ${fault} on ${on}, ${forMs} ms`);
  }
  const lost = suite.results.reduce((sum, result) => sum + (result.lost ?? 0), 0);
  const longest = Math.max(...suite.results.map(({ outageMs }) => outageMs ?? 0));
  console.log(JSON.stringify({ runs, first, passed: runs - failed.length, failed: failed.map(({ scenario }) => scenario), lost, longestOutageMs: longest }));
  return failed.length === 0 ? 0 : 1;
}

void main().then((code) => process.exit(code), (error: unknown) => {
  console.error(error);
  process.exit(1);
});

/**
 * `npm run test:e2e -- [--keep] [--core | NAME...]`: all scenarios, the core of them, or those whose names contain one of the given ones.
 * --keep leaves the clusters of failed ones running.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Kubectl } from './harness/kubectl';
import { say } from './harness/say';
import type { Scenario } from './harness/scenario';
import { Suite } from './harness/suite';
import { CORE, SCENARIOS } from './scenarios';
import { chooseTarget, THREE_WAYS } from './target/choose';

/** Told once more at the end: of a long log often only that is kept. */
const LINES_OF_AN_ERROR = 20;

async function main(): Promise<number> {
  const { values: { keep, core }, positionals: wanted } = parseArgs({
    options: { keep: { type: 'boolean', default: false }, core: { type: 'boolean', default: false } }, allowPositionals: true,
  });
  const chosen = core ? CORE : wanted.length === 0 ? SCENARIOS : SCENARIOS.filter(({ name }) => wanted.some((part) => name.includes(part)));
  if (chosen.length === 0) {
    console.error(`no scenario is named like ${wanted.join(', ')}; there are:\n${SCENARIOS.map(({ name, promise }) => `  ${name}: ${promise}`).join('\n')}`);
    return 64;
  }
  const target = await chooseTarget(() => buildTools(chosen));
  if (target === null) {
    console.error(THREE_WAYS);
    return 1;
  }
  const possible = chosen.filter(({ needsMachine }) => needsMachine !== true || target.machine !== null);
  for (const { name } of chosen.filter((scenario) => !possible.includes(scenario))) say(`${name} is left out: it needs the test cluster of this repository`);

  const began = Date.now();
  const run = began.toString(36);
  await removeEarlierRuns();
  const suite = new Suite(target, run, `dist/e2e/runs/${run}`, keep);
  say(`${possible.length} scenarios on ${target.description}; logs: ${suite.directory}`);
  await suite.runAll(possible);

  const passed = suite.results.filter((result) => result.passed).length;
  const failed = suite.results.length - passed;
  mkdirSync('dist/test-results', { recursive: true });
  writeFileSync('dist/test-results/e2e.json', JSON.stringify({ passed, failed }));
  for (const { scenario, error } of suite.results) if (error !== undefined) say(`failed: ${scenario}: ${error.split('\n').slice(0, LINES_OF_AN_ERROR).join('\n          ')}`);
  say(`e2e took ${((Date.now() - began) / 60_000).toFixed(1)} minutes; logs: ${suite.directory}`);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

/** One after the other: the machine has images to build meanwhile. */
async function buildTools(scenarios: readonly Scenario[]): Promise<void> {
  for (const { buildTools: build } of scenarios) await build?.();
}

async function removeEarlierRuns(): Promise<void> {
  const kubectl = new Kubectl('default');
  const { items } = await kubectl.json<{ items: { metadata: { name: string } }[] }>('get', 'namespaces', '-l', 'cdk8s-postgres-test=true');
  // The demo's is kept for whoever looks around in it.
  for (const { metadata: { name } } of items.filter((namespace) => /^(e2e|bench)-/.test(namespace.metadata.name))) {
    await new Kubectl(name).outcome(['delete', 'pods', '--all', '--force', '--grace-period=0', '--wait=false']);
    await kubectl.run(['delete', 'namespace', name, '--wait=false', '--ignore-not-found']);
  }
}

void main().then((code) => process.exit(code), (error: unknown) => {
  console.error(error);
  process.exit(1);
});

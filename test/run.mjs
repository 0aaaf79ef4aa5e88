// All tests, or the suites that are named: node test/run.mjs [unit|e2e]...
// Does its own set-up on a fresh clone, prints how long each suite took, and ends with the line "N passed, N failed".
// Plain JavaScript without imports from node_modules, because that folder may not be there yet.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const repo = join(dirname(fileURLToPath(import.meta.url)), '..');
const results = join(repo, 'dist', 'test-results');
const totals = { passed: 0, failed: 0 };
const lines = [];

/** Each with the minutes that it may take with caches, on two cores. A suite returns what it counted; a step that is no test counts only when it fails. */
const SUITES = {
  unit: [
    ['compile', 1, () => step('node_modules/.bin/jsii', ['--silence-warnings=reserved-word'])],
    ['types of the agent', 1, () => step('node_modules/.bin/tsc', ['-p', 'src/agent'])],
    ['types of the command line', 1, () => step('node_modules/.bin/tsc', ['-p', 'src/cli'])],
    ['lint', 2, () => step('node_modules/.bin/eslint', ['--ext', '.ts', '--max-warnings', '0', 'src', 'test', 'examples', 'projenrc', '.projenrc.ts'])],
    ['machine', 20, () => step('test/prepare-machine.sh', [])],
    ['constructs', 3, () => jest('constructs', [])],
    ['agent', 4, () => jest('agent', ['-c', 'test/agent/jest.config.cjs'], asAnybody)],
    ['command line', 2, () => jest('cli', ['-c', 'test/cli/jest.config.cjs'])],
    ['python', 2, () => jest('python', ['-c', 'test/python/jest.config.cjs'])],
    ['model', 6, () => jest('model', ['-c', 'test/model/jest.config.cjs', '--testPathIgnorePatterns', 'mutation'])],
    ['pgguard', 2, () => goTest('src/agent/guard')],
    ['gitops', 2, () => goTest('test/gitops')],
  ],
  e2e: [
    ['end to end', 42, endToEnd],
    ['demo', 4, demo],
  ],
};

function run(command, args, options = {}) {
  const env = { ...process.env, ESLINT_USE_FLAT_CONFIG: 'false', NODE_NO_WARNINGS: '1', JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION: '20', FORCE_COLOR: '0' };
  const { status, error, stdout } = spawnSync(command, args, { cwd: repo, stdio: 'inherit', env, maxBuffer: 1 << 28, ...options });
  if (error) throw error;
  return { status: status ?? 1, stdout };
}

function step(command, args) {
  return { passed: 0, failed: run(command, args).status === 0 ? 0 : 1 };
}

function jest(name, args, wrap = (command) => command) {
  const file = join(results, `${name}.json`);
  const [command, ...rest] = wrap(['node_modules/.bin/jest', ...args, '--ci', '--json', `--outputFile=dist/test-results/${name}.json`]);
  const { status } = run(command, rest, { stdio: ['inherit', 'ignore', 'inherit'] });
  if (!existsSync(file)) return { passed: 0, failed: 1 };
  const { numPassedTests, numFailedTests, numFailedTestSuites } = JSON.parse(readFileSync(file, 'utf8'));
  const failed = numFailedTests || numFailedTestSuites || (status === 0 ? 0 : 1);
  return { passed: numPassedTests, failed: numPassedTests === 0 ? Math.max(1, failed) : failed };
}

/**
 * PostgreSQL refuses to run as root, so the agent's tests become another user, who could not read a clone in root's home. They see it under
 * a path that anybody may walk, in a mount namespace of their own.
 */
function asAnybody(command) {
  if (process.getuid() !== 0) return command;
  const here = '/run/cdk8s-postgres-tests/clone';
  mkdirSync(here, { recursive: true });
  return ['unshare', '--mount', 'sh', '-c', `mount --bind "${repo}" ${here} && cd ${here} && exec "$@"`, 'sh', ...command];
}

function goTest(module) {
  const { status, stdout } = run('go', ['test', '-json', './...'], { cwd: join(repo, module), stdio: ['inherit', 'pipe', 'inherit'] });
  const events = stdout.toString().split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  for (const { Action, Output } of events) if (Action === 'output' && status !== 0) process.stdout.write(Output);
  const count = (action) => events.filter((event) => event.Test !== undefined && event.Action === action).length;
  return { passed: count('pass'), failed: count('fail') || (status === 0 && count('pass') > 0 ? 0 : 1) };
}

function endToEnd() {
  const file = join(results, 'e2e.json');
  const { status } = run(process.execPath, ['test/e2e/start.mjs', 'e2e']);
  if (!existsSync(file)) return { passed: 0, failed: 1 };
  const { passed, failed } = JSON.parse(readFileSync(file, 'utf8'));
  return { passed, failed: failed || (status === 0 && passed > 0 ? 0 : 1) };
}

/** One test: from here to a cluster that has survived its primary. */
function demo() {
  const { status } = run(process.execPath, ['test/e2e/start.mjs', 'demo']);
  return status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

function install() {
  const installed = join(repo, 'node_modules', '.package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(repo, 'package-lock.json')).mtimeMs) return;
  console.log('installing npm packages (npm ci)');
  if (run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']).status !== 0) process.exit(1);
}

const wanted = process.argv.slice(2).length > 0 ? process.argv.slice(2) : Object.keys(SUITES);
for (const name of wanted.filter((name) => !(name in SUITES))) {
  console.error(`no suite "${name}"; there are: ${Object.keys(SUITES).join(', ')}`);
  process.exit(64);
}
install();
rmSync(results, { recursive: true, force: true });
mkdirSync(results, { recursive: true });
chmodSync(results, 0o777);
for (const [name, minutes, suite] of wanted.flatMap((key) => SUITES[key])) {
  console.log(`\n=== ${name}`);
  const began = Date.now();
  const { passed, failed } = suite();
  totals.passed += passed;
  totals.failed += failed;
  const took = (Date.now() - began) / 60_000;
  const budget = `${took.toFixed(1).padStart(5)} of ${minutes} min${took > minutes ? ': MORE THAN IT MAY TAKE' : ''}`;
  const line = `${name.padEnd(25)} ${String(passed).padStart(5)} passed ${String(failed).padStart(3)} failed ${budget}`;
  lines.push(line);
  console.log(line);
}
console.log(`\n${lines.join('\n')}\n`);
console.log(`${totals.passed} passed, ${totals.failed} failed`);
process.exit(totals.failed === 0 && totals.passed > 0 ? 0 : 1);

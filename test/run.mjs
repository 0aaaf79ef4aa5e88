// The tests that every change must pass, or the suites that are named: node test/run.mjs [unit|e2e|demo|all]...
// `all` is what CI runs: the same, with every end-to-end scenario instead of the core of them.
// Does its own set-up on a fresh clone, prints how long each suite took, and ends with the line "N passed, N failed".
// Plain JavaScript without imports from node_modules, because that folder may not be there yet.
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const repo = join(dirname(fileURLToPath(import.meta.url)), '..');
const results = join(repo, 'dist', 'test-results');
const totals = { passed: 0, failed: 0 };
const lines = [];

/**
 * Stages, one after the other; the suites of a stage run two at a time, the longest first. Each with the minutes that it may take with caches, on two
 * cores. A suite returns what it counted; a step that is no test counts only when it fails.
 */
const UNIT = [
  [['compile', 2, step('node_modules/.bin/jsii', ['--silence-warnings=reserved-word'])],
    ['types of the agent', 1, step('node_modules/.bin/tsc', ['-p', 'src/agent'])],
    ['types of the command line', 1, step('node_modules/.bin/tsc', ['-p', 'src/cli'])],
    ['types of the model', 1, step('node_modules/.bin/tsc', ['-p', 'test/model'])],
    ['types of the scenarios', 1, step('node_modules/.bin/tsc', ['-p', 'test/e2e', '--noEmit'])]],
  [['machine', 20, step('test/prepare-machine.sh', [])],
    ['lint', 3, step('node_modules/.bin/eslint', ['--ext', '.ts', '--max-warnings', '0', 'src', 'test', 'examples', 'projenrc', '.projenrc.ts'])]],
  [['model', 10, jest('model', ['-c', 'test/model/jest.config.cjs'])],
    ['agent', 6, jest('agent', ['-c', 'test/agent/jest.config.cjs'], asAnybody)],
    ['python', 3, jest('python', ['-c', 'test/python/jest.config.cjs'])],
    ['constructs', 4, jest('constructs', [])],
    ['command line', 2, jest('cli', ['-c', 'test/cli/jest.config.cjs'])],
    ['gitops', 2, goTest('test/gitops')],
    ['pgguard', 2, goTest('src/agent/guard')]],
];
const DEMO = [[['demo', 4, demo]]];
const SUITES = {
  unit: UNIT,
  e2e: [[['end to end, the core', 10, endToEnd('--core')]]],
  demo: DEMO,
  all: [...UNIT, [['end to end', 42, endToEnd()]], ...DEMO],
};
const EVERYDAY = ['unit', 'e2e', 'demo'];
const AT_ONCE = 2;

/** With its output as it comes when it runs alone, and in one piece when others run beside it. */
function run(command, args, { alone, ...options } = {}) {
  const env = { ...process.env, ESLINT_USE_FLAT_CONFIG: 'false', NODE_NO_WARNINGS: '1', JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION: '20', FORCE_COLOR: '0' };
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: repo, stdio: alone ? 'inherit' : ['ignore', 'pipe', 'pipe'], env, ...options });
    const output = [];
    const stdout = [];
    child.stdout?.on('data', (chunk) => { stdout.push(chunk); output.push(chunk); });
    child.stderr?.on('data', (chunk) => output.push(chunk));
    child.on('error', reject);
    child.on('close', (status) => resolve({ status: status ?? 1, stdout: Buffer.concat(stdout).toString(), output: Buffer.concat(output).toString() }));
  });
}

function step(command, args) {
  return async (alone) => {
    const { status, output } = await run(command, args, { alone });
    return { passed: 0, failed: status === 0 ? 0 : 1, output };
  };
}

/** One worker each, because two suites run at a time. */
function jest(name, args, wrap = (command) => command) {
  return async () => {
    const file = join(results, `${name}.json`);
    const [command, ...rest] = wrap(['node_modules/.bin/jest', ...args, '--ci', '--maxWorkers=1', '--json', `--outputFile=dist/test-results/${name}.json`]);
    const { status, output } = await run(command, rest, { stdio: ['ignore', 'ignore', 'pipe'] });
    if (!existsSync(file)) return { passed: 0, failed: 1, output };
    const { numPassedTests, numFailedTests, numFailedTestSuites } = JSON.parse(readFileSync(file, 'utf8'));
    const failed = numFailedTests || numFailedTestSuites || (status === 0 ? 0 : 1);
    return { passed: numPassedTests, failed: numPassedTests === 0 ? Math.max(1, failed) : failed, output };
  };
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
  return async () => {
    const { status, stdout, output } = await run('go', ['test', '-json', './...'], { cwd: join(repo, module) });
    const events = stdout.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
    const count = (action) => events.filter((event) => event.Test !== undefined && event.Action === action).length;
    return {
      passed: count('pass'),
      failed: count('fail') || (status === 0 && count('pass') > 0 ? 0 : 1),
      output: status === 0 ? '' : events.length === 0 ? output : events.map(({ Action, Output }) => (Action === 'output' ? Output : '')).join(''),
    };
  };
}

function endToEnd(...args) {
  return async () => {
    const file = join(results, 'e2e.json');
    const { status } = await run(process.execPath, ['test/e2e/start.mjs', 'e2e', ...args], { alone: true });
    if (!existsSync(file)) return { passed: 0, failed: 1 };
    const { passed, failed } = JSON.parse(readFileSync(file, 'utf8'));
    return { passed, failed: failed || (status === 0 && passed > 0 ? 0 : 1) };
  };
}

/** One test: from here to a cluster that has survived its primary. */
async function demo() {
  const { status } = await run(process.execPath, ['test/e2e/start.mjs', 'demo'], { alone: true });
  return status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

function install() {
  const installed = join(repo, 'node_modules', '.package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(repo, 'package-lock.json')).mtimeMs) return;
  console.log('installing npm packages (npm ci)');
  const { status, error } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: repo, stdio: 'inherit' });
  if (error) throw error;
  if (status !== 0) process.exit(1);
}

async function runStage(stage) {
  const queue = [...stage];
  const alone = stage.length === 1;
  const lane = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [name, minutes, suite] = next;
      if (alone) console.log(`\n=== ${name}`);
      const began = Date.now();
      const { passed, failed, output = '' } = await suite(alone);
      const took = (Date.now() - began) / 60_000;
      totals.passed += passed;
      totals.failed += failed;
      const budget = `${took.toFixed(1).padStart(5)} of ${minutes} min${took > minutes ? ': MORE THAN IT MAY TAKE' : ''}`;
      const line = `${name.padEnd(25)} ${String(passed).padStart(5)} passed ${String(failed).padStart(3)} failed ${budget}`;
      lines.push(line);
      if (!alone) process.stdout.write(`\n=== ${name}\n${output}`);
      console.log(line);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

const wanted = process.argv.slice(2).length > 0 ? process.argv.slice(2) : EVERYDAY;
for (const name of wanted.filter((name) => !(name in SUITES))) {
  console.error(`no suite "${name}"; there are: ${Object.keys(SUITES).join(', ')}`);
  process.exit(64);
}
const began = Date.now();
install();
rmSync(results, { recursive: true, force: true });
mkdirSync(results, { recursive: true });
chmodSync(results, 0o777);
for (const stage of wanted.flatMap((key) => SUITES[key])) await runStage(stage);
console.log(`\n${lines.join('\n')}\n`);
console.log(`${((Date.now() - began) / 60_000).toFixed(1)} minutes`);
console.log(`${totals.passed} passed, ${totals.failed} failed`);
process.exit(totals.failed === 0 && totals.passed > 0 ? 0 : 1);

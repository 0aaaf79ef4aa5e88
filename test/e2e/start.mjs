// Starts one of the programs here on a fresh clone: installs what package-lock.json names, bundles the program, runs it.
//   node test/e2e/start.mjs e2e|demo|bench|nemesis ARGS...
// Plain JavaScript without imports from node_modules, because that folder may not be there yet.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const repo = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const programs = { e2e: 'test/e2e/main.ts', demo: 'test/e2e/demo/main.ts', bench: 'bench/failover/main.ts', nemesis: 'test/e2e/nemesis/main.ts' };

function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: repo, stdio: 'inherit', ...options });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

const installed = join(repo, 'node_modules', '.package-lock.json');
if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(join(repo, 'package-lock.json')).mtimeMs) {
  console.error('installing npm packages (npm ci)');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
}

const [name, ...args] = process.argv.slice(2);
const entry = programs[name];
if (entry === undefined) {
  console.error(`start.mjs: no program "${name}"; there are: ${Object.keys(programs).join(', ')}`);
  process.exit(64);
}
const bundle = (entries, ...options) => run('node_modules/.bin/esbuild', [
  ...entries, '--bundle', '--platform=node', '--target=node20', '--outdir=dist/e2e', '--entry-names=[name]', '--log-level=warning', '--sourcemap', ...options,
]);
// Tested as it is shipped.
run(process.execPath, ['src/cli/build.mjs']);
// The clients run in pods too, where there is no node_modules.
bundle(['test/e2e/clients/ledger.ts', 'test/e2e/clients/probe.ts', 'test/e2e/clients/standstill.ts'], '--external:pg-native');
// As a user's own programs, which import the package by its name.
bundle(['examples/production.ts', 'examples/platform.ts'], '--packages=external', '--alias:cdk8s-postgres=./src/index.ts');
bundle([`${name}=${entry}`], '--packages=external');
run(process.execPath, ['--enable-source-maps', `dist/e2e/${name}.js`, ...args]);

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const REPO = join(__dirname, '..', '..');
const EXAMPLE = join(REPO, 'examples', 'minimal.py');
const PYTHON = join(REPO, 'dist', 'python', 'venv', 'bin', 'python');
const BUILD_TIME = 10 * 60_000;

/** Builds the wheel as a release does, and installs it with the libraries that it asks for into an environment of its own. */
beforeAll(() => {
  const wheels = join(REPO, 'dist', 'python');
  rmSync(wheels, { recursive: true, force: true });
  run('node_modules/.bin/jsii', ['--silence-warnings=reserved-word']);
  run('node_modules/.bin/jsii-pacmak', ['--target', 'python', '--outdir', wheels, '--no-npmignore']);
  const [wheel] = readdirSync(join(wheels, 'python')).filter((file) => file.endsWith('.whl'));
  run('python3', ['-m', 'venv', join(wheels, 'venv')]);
  run(PYTHON, ['-m', 'pip', 'install', '--quiet', join(wheels, 'python', wheel)]);
}, BUILD_TIME);

test.each([
  ['minimal', EXAMPLE],
  ['production', join(__dirname, 'production.py')],
])('the example %j in Python synthesizes what it does in TypeScript, byte for byte', (name, program) => {
  const python = synthesize(name, PYTHON, program);
  expect(python).toContain('kind: StatefulSet');
  expect(python).toBe(synthesize(name, process.execPath, `dist/lib/examples/${name}.js`));
}, 60_000);

test('what is refused in Python names the construct, the prop, the value and the way out', () => {
  const program = readFileSync(EXAMPLE, 'utf8').replace('version=', 'instances=0, version=');
  const { status, stderr } = spawnSync(PYTHON, ['-c', program], { cwd: REPO, encoding: 'utf8' });
  expect(stderr).toContain('[minimal/orders] "instances" is 0; give a whole number from 1 on');
  expect(status).not.toBe(0);
}, 60_000);

test('README shows the example in Python as it is', () => {
  expect(readFileSync(join(REPO, 'README.md'), 'utf8')).toContain(`\`\`\`python\n${readFileSync(EXAMPLE, 'utf8')}\`\`\``);
});

/** What a program writes where `cdk8s synth` tells it to. */
function synthesize(chart: string, interpreter: string, program: string): string {
  const outdir = mkdtempSync(join(tmpdir(), 'python-'));
  try {
    run(interpreter, [program], { CDK8S_OUTDIR: outdir });
    return readFileSync(join(outdir, `${chart}.k8s.yaml`), 'utf8');
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

/** The versions that are installed, also for the building of the wheel, are those of constraints.txt. */
function run(command: string, args: string[], environment: { [name: string]: string } = {}): void {
  const env = { ...process.env, PIP_CONSTRAINT: join(__dirname, 'constraints.txt'), JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION: '20', ...environment };
  execFileSync(command, args, { cwd: REPO, env, stdio: ['ignore', 'ignore', 'inherit'] });
}

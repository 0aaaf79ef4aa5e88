import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { Manifests } from './render';

const EXAMPLES = join(__dirname, '..', '..', 'examples');

/** Runs an example as `cdk8s synth` does, with its output in a folder of the test's own. */
function run(example: string, environment: { [name: string]: string } = {}): Manifests {
  const outdir = mkdtempSync(join(tmpdir(), 'example-'));
  const before = { ...process.env };
  try {
    Object.assign(process.env, environment, { CDK8S_OUTDIR: outdir });
    jest.isolateModules(() => { jest.requireActual(join(EXAMPLES, example)); });
    return new Manifests(readdirSync(outdir).flatMap((file) => (
      parseAllDocuments(readFileSync(join(outdir, file), 'utf8')).map((document) => document.toJS()))));
  } finally {
    process.env = before;
    rmSync(outdir, { recursive: true });
  }
}

test.each(readdirSync(EXAMPLES).filter((file) => file.endsWith('.ts')))('the example %s synthesizes a cluster', (example) => {
  expect(run(example).ofKind('StatefulSet').length).toBeGreaterThan(0);
});

test('the smallest example is no longer than ten lines', () => {
  expect(readFileSync(join(EXAMPLES, 'minimal.ts'), 'utf8').trim().split('\n').length).toBeLessThanOrEqual(10);
});

test('the demo puts one instance in each of three zones, and takes its images from the environment', () => {
  const manifests = run('demo.ts', { POSTGRES_IMAGE: 'localhost/pg:1', AGENT_IMAGE: 'localhost/agent:1' });
  const zones = ['1', '2', '3'].map((name) => (
    manifests.pod(name).spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].values));
  expect(zones).toEqual([['a'], ['b'], ['c']]);
  expect([manifests.container().image, manifests.container('agent').image]).toEqual(['localhost/pg:1', 'localhost/agent:1']);
  expect(run('demo.ts').container().image).toBe('ghcr.io/cdk8s-postgres/postgres:17');
});

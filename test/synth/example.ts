import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const EXAMPLES = join(__dirname, '..', '..', 'examples');

/** Runs an example as `cdk8s synth` does, with its output in a folder of the test's own. */
export function yamlOf(example: string, environment: { [name: string]: string } = {}): string {
  const outdir = mkdtempSync(join(tmpdir(), 'example-'));
  const before = { ...process.env };
  try {
    Object.assign(process.env, environment, { CDK8S_OUTDIR: outdir });
    jest.isolateModules(() => { jest.requireActual(join(EXAMPLES, example)); });
    return readdirSync(outdir).map((file) => readFileSync(join(outdir, file), 'utf8')).join('---\n');
  } finally {
    process.env = before;
    rmSync(outdir, { recursive: true });
  }
}

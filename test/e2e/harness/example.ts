/** The examples, run as the programs that they are. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { output } from './run';
import type { Target } from '../target/target';

/** The YAML that it synthesizes, with the target's images. start.mjs has bundled it. */
export async function synthesizeExample(name: string, { images }: Target, environment: Readonly<Record<string, string>> = {}): Promise<string> {
  const outdir = mkdtempSync(join(tmpdir(), 'example-'));
  try {
    await output([process.execPath, `dist/e2e/${name}.js`], {
      env: { ...environment, CDK8S_OUTDIR: outdir, RELATED_IMAGE_POSTGRES_17: images.postgres, RELATED_IMAGE_AGENT: images.agent },
    });
    return readdirSync(outdir).map((file) => readFileSync(join(outdir, file), 'utf8')).join('---\n');
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

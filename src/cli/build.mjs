/** Bundles the command line into one file that needs nothing but Node. */
import { chmodSync, statSync } from 'node:fs';
import { build } from 'esbuild';

const outfile = 'dist/cli/cdk8s-postgres.cjs';

await build({
  entryPoints: ['src/cli/main.ts'],
  outfile,
  bundle: true,
  minify: true,
  keepNames: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  banner: { js: '#!/usr/bin/env node' },
  // Optional native speed-ups that are not there.
  external: ['bufferutil', 'utf-8-validate'],
  logLevel: 'warning',
});
chmodSync(outfile, 0o755);
console.log(`${outfile}: ${(statSync(outfile).size / 1e6).toFixed(1)} MB`);

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROGRAMS, synthesize } from '../synth/programs';

/** The output of the last release, for each kept program. */

export function goldenPath(name: string): string {
  return join(__dirname, 'golden', `${name}.yaml`);
}

export function golden(name: string): string {
  return readFileSync(goldenPath(name), 'utf8');
}

// `npx ts-node -P test/tsconfig.json test/evolution/golden.ts` takes today's output as the release's: done when a release is made, or when a
// breaking change is meant and its way for users is written down.
if (require.main === module) {
  for (const name of Object.keys(PROGRAMS)) writeFileSync(goldenPath(name), synthesize(name));
}

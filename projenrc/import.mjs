// Makes the L1 constructs of imports/ from the kinds in imports/crds: node projenrc/import.mjs [DIRECTORY]
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [directory = 'imports'] = process.argv.slice(2);
const kinds = readdirSync('imports/crds').map((file) => join('imports/crds', file));
for (const kind of kinds) {
  const { status } = spawnSync('node_modules/.bin/cdk8s', ['import', kind, '--no-save', '--no-check-upgrade', '--output', directory], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
for (const file of readdirSync(directory).filter((name) => name.endsWith('.ts')).map((name) => join(directory, name))) {
  // What is generated is not linted, so the generator's comments for the linter would say nothing.
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll(/^\/\* eslint-(disable|enable) .*\n/gm, ''));
}

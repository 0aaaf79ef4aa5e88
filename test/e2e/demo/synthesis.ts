/** The production example, synthesized as a user does: by the CDK8s command line, into dist/. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { output } from '../harness/run';
import { S3Server } from '../harness/s3';
import { say } from '../harness/say';
import { IMAGES } from '../target/target';

export const MANIFESTS = 'dist/manifests';

const EXAMPLE = 'dist/lib/examples/production.js';
/** Written when the compiler has found no fault. */
const COMPILED = '.jsii';
const SOURCES = ['src', 'imports', 'examples'];
/** Within these; compiled by others. */
const NOT_COMPILED = /^(agent|cli)(\/|$)/;
const SETTINGS = ['package.json', 'package-lock.json', 'tsconfig.json'];

export async function synthesize(namespace: string): Promise<void> {
  if (!isCompiled()) await output(['node_modules/.bin/jsii', '--silence-warnings=reserved-word'], { env: { JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION: '20' } });
  await output(['node_modules/.bin/cdk8s', 'synth', '--check-upgrade=false', '--app', `node ${EXAMPLE}`, '--output', MANIFESTS], {
    env: { S3_ENDPOINT: S3Server.endpointIn(namespace), RELATED_IMAGE_POSTGRES_17: IMAGES.postgres, RELATED_IMAGE_AGENT: IMAGES.agent, CDK8S_OUTDIR: MANIFESTS },
  });
  say(`examples/production.ts is synthesized into ${MANIFESTS}`);
}

/** As it is now: nothing has been changed, added or taken away since. */
function isCompiled(): boolean {
  if (!existsSync(COMPILED) || !existsSync(EXAMPLE)) return false;
  const sources = SOURCES.flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => !NOT_COMPILED.test(name)).map((name) => join(folder, name)));
  const changed = [...SOURCES, ...sources, ...SETTINGS].map((file) => statSync(file).mtimeMs);
  return Math.max(...changed) < statSync(COMPILED).mtimeMs;
}

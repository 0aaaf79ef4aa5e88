/** The production example, synthesized as a user does: by the CDK8s command line, into dist/. */
import { output } from '../harness/run';
import { S3Server } from '../harness/s3';
import { say } from '../harness/say';
import { IMAGES } from '../target/target';

export const MANIFESTS = 'dist/manifests';

export async function synthesize(namespace: string): Promise<void> {
  await output(['node_modules/.bin/jsii', '--silence-warnings=reserved-word'], { env: { JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION: '20' } });
  await output(['node_modules/.bin/cdk8s', 'synth', '--check-upgrade=false', '--app', 'node dist/lib/examples/production.js', '--output', MANIFESTS], {
    env: { S3_ENDPOINT: S3Server.endpointIn(namespace), RELATED_IMAGE_POSTGRES_17: IMAGES.postgres, RELATED_IMAGE_AGENT: IMAGES.agent, CDK8S_OUTDIR: MANIFESTS },
  });
  say(`examples/production.ts is synthesized into ${MANIFESTS}`);
}

/** The images under test, built from this checkout. */
import { output } from '../harness/run';
import { say } from '../harness/say';

/** Builds the S3 server's image once, and prints where its archive lies. */
export const S3_IMAGE = 'test/e2e/s3/image.sh';

export async function buildImages(): Promise<void> {
  say('building the agent and the images');
  // As it is bundled; its types are a test of their own.
  await output([process.execPath, 'src/agent/build.mjs']);
  await output(['images/build.sh', 'all'], { show: true });
  await output([S3_IMAGE], { show: true });
}

/** The images under test, built from this checkout. */
import { output } from '../harness/run';
import { say } from '../harness/say';

export async function buildImages(): Promise<void> {
  say('building the agent and the images');
  await output(['npm', 'run', '--silent', 'build:agent']);
  await output(['images/build.sh', 'all'], { show: true });
}

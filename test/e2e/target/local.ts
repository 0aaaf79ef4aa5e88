/**
 * The test cluster of this repository. The program goes on inside the network of its control plane, where pods, Services and the API server
 * are reached directly, and holds the cluster against being replaced by another checkout for as long as it runs.
 */
import { spawnSync } from 'node:child_process';
import { buildImages } from './images';
import { CLUSTER, machine } from './machine';
import { IMAGES, type Target } from './target';
import { outcomeOf, output } from '../harness/run';
import { say } from '../harness/say';

const INSIDE = 'CDK8S_POSTGRES_INSIDE';

export const insideLocal = (): boolean => process.env[INSIDE] !== undefined;

export async function localTarget(meanwhile: () => Promise<void>): Promise<Target> {
  if (!insideLocal()) await enter(meanwhile);
  return { kind: 'local', description: 'the test cluster of this repository', images: IMAGES, machine: machine(), reachesPods: true };
}

/** Does not come back: this very program runs again inside, and its exit code is this one's. */
async function enter(meanwhile: () => Promise<void>): Promise<never> {
  await Promise.all([prepare(), meanwhile()]);
  const variables = environment(await output([CLUSTER, 'env']));
  // One at a time: they cut nodes off and stop the API server.
  const lock = `${variables.CLUSTER_RUN}/run.lock`;
  const { code } = await outcomeOf(['flock', '--nonblock', lock, 'true']);
  if (code !== 0) say('waiting for another demo, test or bench that uses the cluster now');
  const { status } = spawnSync(CLUSTER, [
    'use', 'flock', lock, 'nsenter', `--net=${variables.CLUSTER_NETNS}`, '--', process.execPath, ...process.execArgv, ...process.argv.slice(1),
  ], {
    stdio: 'inherit',
    env: { ...process.env, ...variables, [INSIDE]: '1' },
  });
  process.exit(status ?? 1);
}

async function prepare(): Promise<void> {
  await output([CLUSTER, 'build'], { show: true });
  await output(['test/prometheus.sh'], { show: true });
  await buildImages();
  // Starts it or reuses it, and loads what is newer than what it has.
  await output([CLUSTER, 'up'], { show: true });
}

/** `export NAME=value` lines. */
function environment(lines: string): { readonly [name: string]: string } {
  return Object.fromEntries([...lines.matchAll(/^export (\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]));
}

/** Three nodes in three zones by kind, kept between runs. */
import { mkdirSync } from 'node:fs';
import { buildImages, S3_IMAGE } from './images';
import { IMAGES, type Target } from './target';
import { output } from '../harness/run';
import { say } from '../harness/say';

const NAME = 'cdk8s-postgres';
const KUBECONFIG = 'dist/e2e/kind.kubeconfig';

const CONFIG = `kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
nodes:
- role: control-plane
${['a', 'b', 'c'].map((zone) => `- role: worker\n  labels: {topology.kubernetes.io/zone: ${zone}}`).join('\n')}
`;

export async function kindTarget(): Promise<Target> {
  const existing = (await output(['kind', 'get', 'clusters'])).split('\n');
  if (!existing.includes(NAME)) {
    say('making a Kubernetes of three nodes with kind');
    await output(['kind', 'create', 'cluster', '--name', NAME, '--config', '-', '--wait', '120s'], { input: CONFIG });
  }
  mkdirSync('dist/e2e', { recursive: true });
  await output(['kind', 'export', 'kubeconfig', '--name', NAME, '--kubeconfig', KUBECONFIG]);
  process.env.KUBECONFIG = KUBECONFIG;
  await buildImages();
  for (const image of [IMAGES.postgres, IMAGES.agent]) await output(['kind', 'load', 'docker-image', '--name', NAME, image]);
  await output(['kind', 'load', 'image-archive', '--name', NAME, (await output([S3_IMAGE])).trim()]);
  return { kind: 'kind', description: `kind's cluster "${NAME}"`, images: IMAGES, machine: null, reachesPods: false };
}

/** Which Kubernetes to use: the one that KUBECONFIG names; else one made by kind; else the test cluster of this repository. */
import { existsSync } from 'node:fs';
import { kindTarget } from './kind';
import { insideLocal, localTarget } from './local';
import { IMAGES, type Target } from './target';
import { outcomeOf } from '../harness/run';
import { say } from '../harness/say';

export const THREE_WAYS = `There is no Kubernetes to run on. Three ways on:
  1. KUBECONFIG=<file>, with kubectl, for a cluster of yours; POSTGRES_IMAGE and AGENT_IMAGE name images that it can pull
     (images/build.sh writes them as archives).
  2. docker and kind: https://kind.sigs.k8s.io
  3. Linux (Debian 12 or 13) as root: the test cluster of this repository, test/cluster/cluster up`;

/** `meanwhile`: work that needs no Kubernetes, done once beside what the choice needs. */
export async function chooseTarget(meanwhile: () => Promise<void> = async () => undefined): Promise<Target | null> {
  if (insideLocal()) return localTarget(meanwhile);
  if (process.env.KUBECONFIG) return (await Promise.all([givenTarget(), meanwhile()]))[0];
  if (await works('docker', 'info') && await works('kind', 'version')) return (await Promise.all([kindTarget(), meanwhile()]))[0];
  if (process.platform === 'linux' && process.getuid?.() === 0 && existsSync('/etc/debian_version')) return localTarget(meanwhile);
  await meanwhile();
  return null;
}

async function givenTarget(): Promise<Target> {
  say(`using the cluster of KUBECONFIG=${process.env.KUBECONFIG}`);
  return { kind: 'given', description: `the cluster of KUBECONFIG=${process.env.KUBECONFIG}`, images: IMAGES, machine: null, reachesPods: false };
}

async function works(...command: string[]): Promise<boolean> {
  return outcomeOf(command, { timeoutMs: 10_000 }).then(({ code }) => code === 0, () => false);
}

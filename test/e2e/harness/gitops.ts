/** Flux and Argo CD with the health checks of gitops/: what each says of a cluster's StatefulSets, by its own code. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Cluster } from './cluster';
import { output } from './run';

const PROGRAM = resolve('dist/e2e/gitops-health');

/** Needs the network, for Go's modules. */
export async function buildGitOpsTools(): Promise<void> {
  await output(['go', '-C', 'test/gitops', 'build', '-o', PROGRAM, '.']);
}

export interface Verdict {
  readonly status: string;
  readonly message: string;
}

export interface Judgement {
  /** Of the StatefulSet. */
  readonly name: string;
  readonly flux: Verdict;
  /** What Flux says without our check. */
  readonly fluxAlone: Verdict;
  readonly argocd: Verdict;
}

export const fluxIsDone = ({ flux }: Judgement): boolean => flux.status === 'Current';
export const argoIsDone = ({ argocd }: Judgement): boolean => argocd.status === 'Healthy';

/** They must have been built. */
export class GitOpsTools {
  #last = '';
  #kept = 0;

  constructor(private readonly cluster: Cluster) {}

  /** What both say now. Where it is something new, the objects are kept with the run. */
  async judge(): Promise<readonly Judgement[]> {
    const list = await this.cluster.kubectl.run(['get', 'statefulsets', '-o', 'json']);
    const judgements = JSON.parse(await output([PROGRAM, 'gitops'], { input: list })) as Judgement[];
    const said = JSON.stringify(judgements);
    if (said !== this.#last) this.#keep(list, judgements);
    this.#last = said;
    return judgements;
  }

  #keep(list: string, judgements: readonly Judgement[]): void {
    const directory = join(this.cluster.directory, 'gitops');
    mkdirSync(directory, { recursive: true });
    const name = join(directory, `${++this.#kept}`.padStart(2, '0'));
    writeFileSync(`${name}-objects.json`, list);
    writeFileSync(`${name}-judgements.json`, JSON.stringify(judgements, null, 2));
  }
}

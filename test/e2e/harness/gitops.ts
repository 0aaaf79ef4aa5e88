/** Flux and Argo CD with the files of gitops/, by their own code: what each says of a cluster's StatefulSets, and Flux's apply, prune and wait. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Cluster } from './cluster';
import { synthesize, type Program } from './program';
import { output } from './run';

const PROGRAM = resolve('dist/e2e/gitops');
const WAIT_SECONDS = 240;

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

export interface Change {
  /** `Kind/namespace/name`. */
  readonly object: string;
  /** `created`, `configured`, `unchanged`, `deleted`, or `skipped`: left alone by what its annotations say. */
  readonly action: string;
}

/** What one reconciliation did: to what Git holds, and to what it no longer holds. */
export interface Reconciled {
  readonly applied: readonly Change[];
  readonly pruned: readonly Change[];
}

/** Kind and name of those that something happened to, in alphabetical order. */
export function namesOf(changes: readonly Change[], ...actions: readonly string[]): readonly string[] {
  return changes.filter(({ action }) => actions.includes(action)).map(({ object }) => object.replace(/\/.*\//, '/')).sort();
}

/** What a second reconciliation of the same commit did all the same; Secrets are made once and then left alone. */
export function driftOf({ applied, pruned }: Reconciled): readonly Change[] {
  return [...applied.filter(({ object, action }) => action !== (object.startsWith('Secret/') ? 'skipped' : 'unchanged')), ...pruned];
}

/** They must have been built. */
export class GitOpsTools {
  #last = '';
  #kept = 0;
  readonly #directory: string;

  constructor(private readonly cluster: Cluster) {
    this.#directory = join(cluster.directory, 'gitops');
    mkdirSync(this.#directory, { recursive: true });
  }

  /** A commit, as Flux reconciles it: applied, and what is no longer in it pruned. */
  reconcile(program: Program = {}): Promise<Reconciled> {
    return this.reconcileYaml(synthesize(this.cluster.target, program));
  }

  async reconcileYaml(yaml: string): Promise<Reconciled> {
    return JSON.parse(await output([PROGRAM, 'flux', 'gitops', this.cluster.namespace, this.#inventory], { input: yaml })) as Reconciled;
  }

  /** Until Flux calls everything of the last commit current, of every kind. */
  async wait(): Promise<void> {
    await output([PROGRAM, 'flux-wait', 'gitops', this.#inventory, `${WAIT_SECONDS}s`]);
  }

  /** What the last commit left in Flux's inventory. Given back, the next commit follows that one, whatever came between. */
  get inventory(): string { return readFileSync(this.#inventory, 'utf8'); }
  set inventory(text: string) { writeFileSync(this.#inventory, text); }

  /** What both say now. Where it is something new, the objects are kept with the run. */
  async judge(): Promise<readonly Judgement[]> {
    const list = await this.cluster.kubectl.run(['get', 'statefulsets', '-o', 'json']);
    const judgements = JSON.parse(await output([PROGRAM, 'health', 'gitops'], { input: list })) as Judgement[];
    const said = JSON.stringify(judgements);
    if (said !== this.#last) this.#keep(list, judgements);
    this.#last = said;
    return judgements;
  }

  #keep(list: string, judgements: readonly Judgement[]): void {
    const name = join(this.#directory, `${++this.#kept}`.padStart(2, '0'));
    writeFileSync(`${name}-objects.json`, list);
    writeFileSync(`${name}-judgements.json`, JSON.stringify(judgements, null, 2));
  }

  get #inventory(): string { return join(this.#directory, 'inventory.json'); }
}

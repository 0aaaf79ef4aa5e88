/** A pooler's certificates: its own, which the leader fills, and the one for its clients, where somebody else keeps that. */
import type { ClusterSpec } from '../../contract/spec.js';
import { reconcilePoolerGiven } from '../credentials/given.js';
import { Keeper } from '../credentials/keeper.js';
import { readCertificate, type ServedCertificate } from '../credentials/served.js';
import type { Copies, KeyPair } from '../credentials/types.js';
import type { Secrets } from '../kube/types.js';
import type { ProblemBoard } from '../problems.js';

export interface PoolerCertificatesContext {
  readonly secrets: Secrets;
  /** They outlive the container, and not the pod. */
  readonly copies: Copies;
  readonly namespace: string;
  readonly spec: () => ClusterSpec | null;
  readonly problems: ProblemBoard;
  readonly now: () => Date;
}

export interface PoolerPairs {
  readonly own: ServedCertificate;
  /** What clients see instead; null: its own. */
  readonly given: KeyPair | null;
}

export class PoolerCertificates {
  #own: ServedCertificate | null = null;
  /** What was told last. */
  #last = '';

  constructor(private readonly context: PoolerCertificatesContext) {}

  /** There is something to serve with. */
  get there(): boolean { return this.#own !== null; }

  /** What is to be used from now on; null when that is no other than before. To be called again and again. */
  async changed(): Promise<PoolerPairs | null> {
    const { secrets, problems } = this.context;
    const spec = this.context.spec();
    const read = spec?.pooler === undefined ? { why: 'the spec has no pooler: apply the synthesized manifests again' } : await readCertificate(secrets, spec.pooler.secret);
    problems.set('CertificateMissing', 'why' in read ? read.why : null);
    if ('certificate' in read) this.#own = read.certificate;
    const given = spec === null ? null : await this.#given(spec);
    if (this.#own === null) return null;
    const pairs = { own: this.#own, given };
    const last = this.#last;
    this.#last = JSON.stringify(pairs);
    return this.#last === last ? null : pairs;
  }

  async #given(spec: ClusterSpec): Promise<KeyPair | null> {
    const { secrets, copies, namespace, problems } = this.context;
    const round = async () => {
      const keeper = new Keeper({ spec, namespace, secrets, copies, duty: 'keep', now: this.context.now() });
      return { pair: (await reconcilePoolerGiven(keeper)).pair, problems: keeper.problems };
    };
    let found = await round();
    // In a new pod it need not wait for a round until its authority is known: it has been in the Secret that the other pods read.
    if (this.#last === '' && found.pair === null) found = await round();
    problems.set('CredentialsProblem', found.problems.length === 0 ? null : found.problems.map(({ message }) => message).join('; '));
    return found.pair;
  }
}

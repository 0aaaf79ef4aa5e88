/** The cluster's keys on this instance: as files for PostgreSQL, as TLS material for the agents' API, as passwords for the users. */
import type { Logger } from 'pino';
import type { Duty } from './duty.js';
import type { ClusterSpec } from '../../contract/spec.js';
import type { Snapshot } from '../core/types.js';
import { VolumeCopies } from '../credentials/copies.js';
import { loadClientCertificate, loadCredentials } from '../credentials/load.js';
import { reconcileCredentials } from '../credentials/reconcile.js';
import type { Credentials, Duty as CredentialsDuty } from '../credentials/types.js';
import type { Secrets } from '../kube/types.js';
import type { ProblemBoard } from '../problems.js';

export interface CredentialsContext {
  readonly namespace: string;
  /** Of the copies on the data volume, of PostgreSQL's own files, and of the exporter's. */
  readonly directories: { readonly copies: string; readonly certificates: string; readonly monitoring: string };
  readonly secrets: Secrets;
  readonly spec: () => ClusterSpec;
  readonly snapshot: () => Snapshot | null;
  readonly problems: ProblemBoard;
  readonly log: Logger;
  /** New or renewed certificates of PostgreSQL and of the agents lie in their files. */
  readonly renewed: (credentials: Credentials) => Promise<void>;
  /** A Secret was filled, so a password may be new. */
  readonly filled: () => void;
}

export class CredentialsKeeper implements Duty {
  readonly name = 'Credentials';
  readonly every = 10_000;
  #passwords: ReadonlyMap<string, string> = new Map();
  #current: Credentials | null = null;
  /** There are certificates that not everybody has taken yet. */
  #renewed = true;
  readonly #copies: VolumeCopies;

  constructor(private readonly context: CredentialsContext) {
    this.#copies = new VolumeCopies(context.directories.copies);
  }

  get passwords(): ReadonlyMap<string, string> { return this.#passwords; }
  /** As last read; null before. */
  get current(): Credentials | null { return this.#current; }

  async run(): Promise<void> {
    const { namespace, directories, secrets, spec, problems, log, renewed } = this.context;
    const report = await reconcileCredentials({
      spec: spec(), namespace, secrets, copies: this.#copies, duty: this.#duty(), now: new Date(),
    });
    for (const secret of report.written) log.info({ secret }, 'Secret filled');
    problems.set('CredentialsProblem', report.problems.length === 0 ? null : report.problems.map((p) => p.message).join('; '));
    this.#passwords = report.passwords;
    if (report.credentials === null) {
      throw new Error('certificates are not there yet: waiting for the Secrets to be filled');
    }
    if (report.written.length > 0) this.context.filled();
    const { shown, monitoring } = report.credentials;
    this.#renewed = await loadCredentials(directories.certificates, report.credentials) || this.#renewed;
    if (this.#renewed) await renewed(report.credentials);
    this.#renewed = false;
    this.#current = report.credentials;
    if (monitoring !== null) await loadClientCertificate(directories.monitoring, shown.authority, monitoring);
  }

  /**
   * Only who is about to make the cluster's first data may make its authority (architecture.md 7). Where that data may lie on a volume that was
   * there before, the instances have to hear from each other first, and for that they need one: any of them makes it, as long as neither
   * Lease nor state nor any claim says that the cluster has lived. The Secret takes it from one only.
   */
  #duty(): CredentialsDuty {
    const s = this.context.snapshot();
    if (s === null) return 'keep';
    const unborn = s.lease.kind === 'absent' && s.state.kind === 'absent' && s.state.claimedSystemIds?.length === 0;
    if (unborn && s.spec.instances.some(({ givenVolume }) => givenVolume === true)) return 'found';
    if (s.lease.kind !== 'mine') return 'keep';
    if (s.state.kind !== 'present') return 'keep';
    return s.state.initialized ? 'lead' : 'found';
  }
}

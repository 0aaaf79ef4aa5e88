/** The cluster's keys: made in the cluster, kept in Secrets, copied to each data volume (architecture.md 7, 16). */
import type { ClusterSpec } from '../../contract/index.js';
import type { Secrets } from '../kube/types.js';

export interface KeyPair {
  /** PEM */
  readonly certificate: string;
  readonly key: string;
}

/** What an agent needs to speak mutual TLS with another. */
export interface TlsMaterial {
  /** All authorities to be trusted, PEM. */
  readonly authority: string;
  readonly server: KeyPair;
  readonly agent: KeyPair;
}

export interface Credentials extends TlsMaterial {
  readonly replication: KeyPair;
  readonly rewind: KeyPair;
}

/**
 * - `found`: this agent may make a new authority, because the cluster has no data yet and this agent is the one that will create it.
 * - `lead`: it holds the Lease: it makes what is missing, renews what expires and keeps the connection Secrets right.
 * - `keep`: it only puts back what it has a copy of.
 */
export type Duty = 'found' | 'lead' | 'keep';

export interface CredentialsContext {
  readonly spec: ClusterSpec;
  readonly namespace: string;
  readonly secrets: Secrets;
  /** Where the copies lie, on the data volume. */
  readonly copiesDir: string;
  readonly duty: Duty;
  /** For the validity of certificates only. */
  readonly now: Date;
}

export interface CredentialsProblem {
  readonly code: 'SecretMissing' | 'SecretForbidden' | 'SecretUnreachable' | 'SecretUnreadable' | 'AuthorityMissing' | 'CopyFailed';
  readonly secret: string;
  /** What is wrong, where, and what to do. */
  readonly message: string;
}

export interface CredentialsReport {
  /** null until an authority and all certificates are there. */
  readonly credentials: Credentials | null;
  /** The passwords that the roles should have; a user whose password is not known yet is missing. */
  readonly passwords: ReadonlyMap<string, string>;
  /** What this call wrote to Secrets, for the log. */
  readonly written: readonly string[];
  readonly problems: readonly CredentialsProblem[];
}

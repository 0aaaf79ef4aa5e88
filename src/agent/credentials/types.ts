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

/** What PostgreSQL shows to whoever connects: the certificate that was given, or the cluster's own. */
export interface ShownCertificate extends KeyPair {
  /** By which authorities its clients know it, PEM. */
  readonly authority: string;
  /** The name by which instances verify each other; null: each by the name of its pod, which only the cluster's own certificate carries. */
  readonly name: string | null;
}

export interface Credentials extends TlsMaterial {
  readonly shown: ShownCertificate;
  readonly replication: KeyPair;
  readonly rewind: KeyPair;
  /** null where metrics are off, and while it cannot be had: PostgreSQL does not wait for what only watches it. */
  readonly monitoring: KeyPair | null;
  /** null without backups, and while it is not there: nothing but archiving waits for it. */
  readonly pgBackRest: KeyPair | null;
}

/**
 * - `found`: this agent may make a new authority, because the cluster has no data yet and this agent is the one that will create it.
 * - `lead`: it holds the Lease of a cluster that has data: it makes all but an authority, renews what expires, keeps connection Secrets right.
 * - `keep`: it only puts back what it has a copy of.
 */
export type Duty = 'found' | 'lead' | 'keep';

/** A Secret's decoded keys. */
export type SecretData = Readonly<Record<string, string>>;

/** The copies on the data volume. */
export interface Copies {
  /** null when there is none that can be read. */
  read(secret: string): Promise<SecretData | null>;
  /** Cheap when nothing changed. */
  save(secret: string, data: SecretData): Promise<void>;
}

export interface CredentialsContext {
  readonly spec: ClusterSpec;
  readonly namespace: string;
  readonly secrets: Secrets;
  readonly copies: Copies;
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
  /** The Secrets that this call wrote to, and why, for the log. */
  readonly written: readonly { readonly secret: string; readonly why: string }[];
  readonly problems: readonly CredentialsProblem[];
}

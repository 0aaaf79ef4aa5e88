/** What the PostgreSQL of this instance needs to be told, each asked for when it is needed, and what it tells. */
import type { StartTold } from './start-watch.js';
import type { BootstrapSpec } from '../../contract/spec.js';
import type { Lsn } from '../core/types.js';
import type { ClientAccess } from '../postgres/hba.js';
import type { Upstream } from '../postgres/types.js';
import type { Stanza } from '../restore/catalog.js';

export interface LocalSettings extends StartTold {
  readonly instance: string;
  readonly major: string;
  readonly osUser: string;
  /** The user's, of which PostgreSQL has taken each. */
  readonly parameters: () => Promise<Readonly<Record<string, string>>>;
  readonly hba: () => ClientAccess;
  /** pgBackRest's name of the cluster; null: nothing is archived. */
  readonly stanza: () => string | null;
  /** A primary takes no new writes: there is no room for them (I30). */
  readonly readOnly: () => boolean;
  /** Where an instance can be reached; null while it has no pod. */
  readonly upstream: (instance: string) => Upstream | null;
  /** The system id that the cluster is known by; null before it is. */
  readonly systemId: () => string | null;
  /** Certificates are on disk; rejects with the reason while they are not. */
  readonly credentials: () => Promise<void>;
  /** Where the cluster's own backups are, with pgBackRest's configuration written where it can be; null: nothing is archived. */
  readonly ownStanza: () => Promise<Stanza | null>;
  /** The backup that the cluster begins with, ready to be read; rejects with the reason while it is not. */
  readonly bootstrap: () => Promise<{ readonly source: Stanza; readonly bootstrap: BootstrapSpec }>;
  /** null: that kind of problem is over. */
  readonly problem: (code: string, message: string | null) => void;
  /** Fetches WAL of another instance into the handover directory. */
  readonly receiveHandover: (from: string, range: { timeline: number; start: Lsn; end: Lsn }) => Promise<void>;
}

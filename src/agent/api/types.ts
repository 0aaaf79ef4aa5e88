/** The agents' HTTP servers: a plain one for probes, one with mutual TLS between agents. */
import type { Readable } from 'node:stream';
import type { Refused, Work, WorkEnd } from './long-answer.js';
import type { AccessLevel } from '../../contract/secrets.js';
import type { CandidateStatus } from '../../contract/status.js';
import type { BackupRequest } from '../backups/runner.js';
import type { TlsMaterial } from '../credentials/types.js';
import type { WalRange } from '../postgres/types.js';

export interface HealthView {
  readonly live: boolean;
  readonly ready: { readonly ok: boolean; readonly why: string };
  readonly role: 'primary' | 'replica' | 'none';
  /** Served as JSON; a bigint is a WAL position and becomes `X/Y`. */
  readonly status: object;
}

export interface ListenOptions {
  readonly port: number;
  /** All addresses of the pod, when left out. */
  readonly host?: string;
}

export interface RunningServer {
  readonly port: number;
  close(): Promise<void>;
}

export interface PeerHandlers {
  /** Served as JSON; a bigint is a WAL position and becomes `X/Y`. */
  status(): object;
  /** Somebody says that something changed. */
  wake(): void;
  /** The bytes to send; null when this instance cannot give that stretch now. */
  wal(range: WalRange): Promise<Readable | null>;
  readonly backup: BackupHandler;
  /** Who could take over from this primary. */
  candidates(): { readonly candidates: readonly CandidateStatus[] } | Refused;
  /** To that instance, or to whoever is best. */
  switchover(to: string | null, onLine: (line: string) => void): Refused | Promise<WorkEnd>;
  /** A person has asked for something, and this was the answer. */
  audit(call: { readonly caller: AccessLevel; readonly request: string; readonly answer: number }): void;
}

/** Makes a backup, or says why not. */
export type BackupHandler = (request: BackupRequest, ...work: Parameters<Work>) => ReturnType<Work>;

export interface PeerServer extends RunningServer {
  /** New connections use the new certificates; running ones go on. */
  setCertificates(material: ServerTls): void;
}

/** What a server shows, and whom it trusts. */
export type ServerTls = Pick<TlsMaterial, 'authority' | 'server'>;

export interface PeerAddress {
  readonly host: string;
  /** The DNS name that its certificate must carry. */
  readonly serverName: string;
  readonly port: number;
}

export type PeerFailureKind =
  /** No connection, or no whole answer in time. */
  | 'unreachable'
  /** One side's certificate is not of this cluster: a stranger has the address (I8). */
  | 'untrusted'
  /** It answered, and cannot give that. */
  | 'notFound'
  | 'refused';

export type PeerResult<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly kind: PeerFailureKind; readonly message: string };

/** Until the first `setCertificates` every call is 'unreachable'. */
export interface PeerClient {
  setCertificates(material: TlsMaterial): void;
  /** The peer's report as parsed JSON, unchecked. */
  status(peer: PeerAddress, timeoutMs: number): Promise<PeerResult<unknown>>;
  wake(peer: PeerAddress, timeoutMs: number): Promise<PeerResult<void>>;
  /** The body as it arrives; it errors when it breaks off or is silent for `timeoutMs`. */
  wal(peer: PeerAddress, range: WalRange, timeoutMs: number): Promise<PeerResult<Readable>>;
  close(): void;
}

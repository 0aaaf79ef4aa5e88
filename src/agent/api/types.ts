/** The agents' HTTP servers: a plain one for probes, one with mutual TLS between agents. */
import type { Readable } from 'node:stream';
import type { TlsMaterial } from '../credentials/types.js';

export interface HealthView {
  readonly live: boolean;
  readonly ready: { readonly ok: boolean; readonly why: string };
  readonly role: 'primary' | 'replica' | 'none';
  /** Served as JSON; bigints become strings. */
  readonly status: object;
}

export interface RunningServer {
  readonly port: number;
  close(): Promise<void>;
}

/** A stretch of WAL, in PostgreSQL's own spelling of positions. */
export interface WalRange {
  readonly timeline: number;
  /** `X/Y` */
  readonly from: string;
  readonly to: string;
}

export interface PeerHandlers {
  /** Served as JSON; bigints become strings. */
  status(): object;
  /** Somebody says that something changed. */
  wake(): void;
  /** The bytes to send; null when this instance does not have that stretch. */
  wal(range: WalRange): Promise<Readable | null>;
}

export interface PeerServer extends RunningServer {
  /** New connections use the new certificates; running ones go on. */
  setCertificates(material: TlsMaterial): void;
}

export interface PeerAddress {
  readonly host: string;
  /** The DNS name that its certificate must carry. */
  readonly serverName: string;
  readonly port: number;
}

export type PeerFailureKind = 'unreachable' | 'untrusted' | 'notFound' | 'refused';
export type PeerResult<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly kind: PeerFailureKind; readonly message: string };

export interface PeerClient {
  setCertificates(material: TlsMaterial): void;
  /** The peer's report as parsed JSON, unchecked. */
  status(peer: PeerAddress, timeoutMs: number): Promise<PeerResult<unknown>>;
  wake(peer: PeerAddress, timeoutMs: number): Promise<PeerResult<void>>;
  /** The body as it arrives; its 'error' tells when it broke off. */
  wal(peer: PeerAddress, range: WalRange, timeoutMs: number): Promise<PeerResult<Readable>>;
  close(): void;
}

/** Certificates as somebody else issues them, and those that servers show. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectPlain, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import type { Cluster } from './cluster';
import { CERTIFICATE_KEYS, POSTGRES_PORT } from '../../../src/contract';

export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

const ANSWERS_WITHIN_MS = 5_000;

/** openssl in a folder of its own, which is gone afterwards. */
function withOpenssl<T>(work: (openssl: (...args: string[]) => void, file: (name: string) => string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'certificate-'));
  try {
    return work((...args) => execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'ignore'] }), (name) => join(folder, name));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

export function newAuthority(name: string): KeyPair {
  return withOpenssl((openssl, file) => {
    openssl('req', '-x509', ...NEW_KEY, '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', `/CN=${name}`, '-days', '30');
    return { certificate: readFileSync(file('ca.crt'), 'utf8'), key: readFileSync(file('ca.key'), 'utf8') };
  });
}

/** Signed by that authority, valid for a month. */
export function issue(authority: KeyPair, { commonName, serial, names = [] }: { commonName: string; serial: string; names?: readonly string[] }): KeyPair {
  return withOpenssl((openssl, file) => {
    writeFileSync(file('ca.crt'), authority.certificate);
    writeFileSync(file('ca.key'), authority.key);
    writeFileSync(file('extensions'), names.length === 0 ? '' : `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}\n`);
    openssl('req', ...NEW_KEY, '-keyout', 'new.key', '-out', 'new.csr', '-subj', `/CN=${commonName}`);
    openssl('x509', '-req', '-in', 'new.csr', '-CA', 'ca.crt', '-CAkey', 'ca.key', '-set_serial', serial, '-out', 'new.crt', '-days', '30', '-extfile', 'extensions');
    return { certificate: readFileSync(file('new.crt'), 'utf8'), key: readFileSync(file('new.key'), 'utf8') };
  });
}

/** What stands in a certificate's Secret; null while it is empty. */
export async function readCertificate(cluster: Cluster, secret: string): Promise<(KeyPair & { readonly authority: string }) | null> {
  const { data = {} } = await cluster.kubectl.json<{ data?: Record<string, string> }>('get', 'secret', secret);
  const value = (key: string) => Buffer.from(data[key] ?? '', 'base64').toString();
  const { certificate, key, authority } = CERTIFICATE_KEYS;
  return value(certificate) === '' ? null : { certificate: value(certificate), key: value(key), authority: value(authority) };
}

/** As PostgreSQL writes it. */
export function serialOf(certificate: string | X509Certificate): string {
  const { serialNumber } = typeof certificate === 'string' ? new X509Certificate(certificate) : certificate;
  return BigInt(`0x${serialNumber}`).toString();
}

/** Serial number of the certificate that a server shows on a port that begins with TLS. */
export function shownSerial(host: string, port: number): Promise<string> {
  return withSocket(host, port, secured);
}

/** Serial number of the certificate that PostgreSQL, or pgBouncer, shows. */
export function shownByPostgres(host: string): Promise<string> {
  return withSocket(host, POSTGRES_PORT, async (socket) => {
    // SSLRequest of the protocol; its answer is one letter.
    socket.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]));
    const [answer] = await once(socket, 'data', { signal: AbortSignal.timeout(ANSWERS_WITHIN_MS) }) as [Buffer];
    assert.equal(answer.toString(), 'S', 'it speaks TLS');
    return secured(socket);
  });
}

async function withSocket<T>(host: string, port: number, work: (socket: Socket) => Promise<T>): Promise<T> {
  const socket = connectPlain(port, host);
  socket.on('error', () => undefined);
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(ANSWERS_WITHIN_MS) });
    return await work(socket);
  } finally {
    socket.destroy();
  }
}

async function secured(socket: Socket): Promise<string> {
  const secure = connectTls({ socket, rejectUnauthorized: false });
  // Without a certificate of our own some hang up, after they have shown theirs.
  await once(secure, 'secureConnect', { signal: AbortSignal.timeout(ANSWERS_WITHIN_MS) });
  secure.on('error', () => undefined);
  const certificate = secure.getPeerX509Certificate();
  assert.ok(certificate, 'it shows a certificate');
  return serialOf(certificate);
}

/** Makes and checks certificates: ECDSA P-256, made by @peculiar/x509, checked by Node's own X.509. */
import 'reflect-metadata';
import { createPrivateKey, randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import type { KeyPair } from './types.js';
import type { ValiditySpec } from '../../contract/index.js';

x509.cryptoProvider.set(webcrypto);

const KEY_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' };
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' };
const DAY_MS = 86_400_000;
/** Nodes whose clocks are wrong by a day still accept a new certificate (I3). */
const BACKDATED_MS = 2 * DAY_MS;
const AUTHORITY_LIFE_MS = 3650 * DAY_MS;
const LEAF_LIFE_MS = 365 * DAY_MS;

export interface Leaf {
  readonly commonName: string;
  /** `peer`: both. */
  readonly usage: 'server' | 'client' | 'peer';
  /** Of a server. */
  readonly dnsNames: readonly string[];
}

const USAGES: Record<Leaf['usage'], x509.ExtendedKeyUsage[]> = {
  server: [x509.ExtendedKeyUsage.serverAuth],
  client: [x509.ExtendedKeyUsage.clientAuth],
  peer: [x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth],
};

export async function makeAuthority(commonName: string, now: Date): Promise<KeyPair> {
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...common(now, AUTHORITY_LIFE_MS),
    name: [{ CN: [commonName] }],
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign + x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return pair(certificate, keys);
}

/** null: a year. */
export async function issue(authority: KeyPair, leaf: Leaf, now: Date, validity: ValiditySpec | null = null): Promise<KeyPair> {
  const keys = await generateKeys();
  const issuer = new x509.X509Certificate(authority.certificate);
  const alternativeNames = leaf.dnsNames.map((value): { type: 'dns'; value: string } => ({ type: 'dns', value }));
  const certificate = await x509.X509CertificateGenerator.create({
    ...common(now, validity === null ? LEAF_LIFE_MS : validity.duration * 1000),
    subject: [{ CN: [leaf.commonName] }],
    issuer: issuer.subject,
    publicKey: keys.publicKey,
    signingKey: await importKey(authority.key),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(USAGES[leaf.usage]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
      ...alternativeNames.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(alternativeNames)],
    ],
  });
  return pair(certificate, keys);
}

/** Why it cannot be used as an authority; null when it can. */
export function authorityFault(authority: KeyPair): string | null {
  const fault = pairFault(authority);
  if (fault !== null) return fault;
  if (!new X509Certificate(authority.certificate).ca) return 'the certificate is not one of a certificate authority';
  const { asymmetricKeyDetails } = createPrivateKey(authority.key);
  return asymmetricKeyDetails?.namedCurve === 'prime256v1' ? null : 'its key is not ECDSA P-256, the only algorithm that the agent signs with';
}

/** Why it cannot serve as that leaf at all; null when it can. */
export function leafFault(pairing: KeyPair, authority: KeyPair, leaf: Leaf, now: Date): string | null {
  const fault = pairFault(pairing);
  if (fault !== null) return fault;
  const certificate = new X509Certificate(pairing.certificate);
  const issuer = new X509Certificate(authority.certificate);
  if (!certificate.checkIssued(issuer) || !certificate.verify(issuer.publicKey)) return 'it is not signed by the cluster\'s authority';
  if (certificate.subject !== `CN=${leaf.commonName}`) return `its subject is ${certificate.subject}, not CN=${leaf.commonName}`;
  return now.getTime() < Date.parse(certificate.validTo) ? null : `it expired at ${certificate.validTo}`;
}

/** Why a usable leaf should be made anew; null when there is no reason. */
export function leafStale(pairing: KeyPair, leaf: Leaf, now: Date, validity: ValiditySpec | null = null): string | null {
  const certificate = new X509Certificate(pairing.certificate);
  const missing = leaf.dnsNames.filter((name) => !carries(pairing, name));
  if (missing.length > 0) return `it lacks the names ${missing.join(', ')}`;
  const to = Date.parse(certificate.validTo);
  const left = to - now.getTime();
  if (validity === null) return left < (to - Date.parse(certificate.validFrom)) / 3 ? `it expires at ${certificate.validTo}` : null;
  if (left < validity.renewBefore * 1000) return `it expires at ${certificate.validTo}`;
  return left > validity.duration * 1000 ? `it is valid until ${certificate.validTo}, longer than the cluster's certificates are to be` : null;
}

export function carries({ certificate }: KeyPair, name: string): boolean {
  return new X509Certificate(certificate).checkHost(name, { wildcards: false }) !== undefined;
}

/** The certificates of all PEM texts, each once, so that a new authority can be trusted beside the old one. */
export function bundle(...texts: readonly string[]): string {
  const blocks = texts.flatMap(blocksOf);
  return `${[...new Set(blocks.map((block) => block.replaceAll('\r', '')))].join('\n')}\n`;
}

/** The certificates in a PEM text, each as a text of its own. */
export function blocksOf(text: string): readonly string[] {
  return text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
}

/** Why certificate and key are no pair; null when they are. */
export function pairFault(pairing: KeyPair): string | null {
  try {
    const matches = new X509Certificate(pairing.certificate).checkPrivateKey(createPrivateKey(pairing.key));
    return matches ? null : 'the private key does not belong to the certificate';
  } catch (error) {
    return `the certificate or the key cannot be read: ${(error as Error).message}`;
  }
}

function common(now: Date, life: number) {
  return {
    // A positive number: the first bit stays clear.
    serialNumber: `01${randomBytes(15).toString('hex')}`,
    notBefore: new Date(now.getTime() - BACKDATED_MS),
    notAfter: new Date(now.getTime() + life),
    signingAlgorithm: SIGNATURE,
  };
}

async function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify']);
}

/** OpenSSL knows more forms of a key than Web Crypto, which only takes this one. */
async function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  const der = createPrivateKey(pem).export({ format: 'der', type: 'pkcs8' });
  return webcrypto.subtle.importKey('pkcs8', der, KEY_ALGORITHM, false, ['sign']);
}

async function pair(certificate: x509.X509Certificate, keys: webcrypto.CryptoKeyPair): Promise<KeyPair> {
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { certificate: `${certificate.toString('pem')}\n`, key: `${x509.PemConverter.encode(key, 'PRIVATE KEY')}\n` };
}

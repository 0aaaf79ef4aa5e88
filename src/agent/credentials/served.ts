/** A certificate that an agent serves with which only reads Secrets: the pooler's and the repo host's. The leader fills them. */
import { pairFault } from './pki.js';
import type { KeyPair } from './types.js';
import { CERTIFICATE_KEYS, SERVER_AUTHORITY_KEY } from '../../contract/secrets.js';
import type { Secrets } from '../kube/types.js';

export interface ServedCertificate extends KeyPair {
  /** All authorities to be trusted, PEM. */
  readonly authority: string;
  /** By which authorities PostgreSQL is known, while it may show a certificate that was given; PEM. */
  readonly serverAuthority?: string;
}

/** The certificate, or why there is none yet. */
export async function readCertificate(secrets: Secrets, name: string): Promise<{ certificate: ServedCertificate } | { why: string }> {
  const secret = await secrets.get(name);
  if (!secret.ok) {
    const wayOut = secret.kind === 'notFound' || secret.kind === 'forbidden' ? '; apply the synthesized manifests again' : '';
    return { why: `Secret ${name} cannot be read (${secret.message})${wayOut}` };
  }
  const { data } = secret.value;
  const { [CERTIFICATE_KEYS.certificate]: certificate, [CERTIFICATE_KEYS.key]: key, [CERTIFICATE_KEYS.authority]: authority } = data;
  if (certificate === undefined || key === undefined || authority === undefined) {
    return { why: `Secret ${name} is not filled yet: that is done by the agent of the primary, which waits for its own Secrets and volumes; see its status` };
  }
  const fault = pairFault({ certificate, key });
  return fault === null ? { certificate: { certificate, key, authority, serverAuthority: data[SERVER_AUTHORITY_KEY] } } : { why: `Secret ${name} holds no usable certificate: ${fault}` };
}

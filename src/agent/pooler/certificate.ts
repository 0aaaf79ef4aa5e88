/** The pooler's certificate: read from its Secret by the API, written to files in memory. */
import { join } from 'node:path';
import type { PoolerPaths } from './ini.js';
import { CERTIFICATE_KEYS } from '../../contract/secrets.js';
import { replaceFile } from '../credentials/load.js';
import { pairFault } from '../credentials/pki.js';
import type { KeyPair } from '../credentials/types.js';
import type { Secrets } from '../kube/types.js';

export interface PoolerCertificate extends KeyPair {
  /** All authorities to be trusted, PEM. */
  readonly authority: string;
}

/** The certificate, or why there is none yet. */
export async function readCertificate(secrets: Secrets, name: string): Promise<{ certificate: PoolerCertificate } | { why: string }> {
  const secret = await secrets.get(name);
  if (!secret.ok) {
    const wayOut = secret.kind === 'notFound' || secret.kind === 'forbidden' ? '; apply the synthesized manifests again' : '';
    return { why: `Secret ${name} cannot be read (${secret.message})${wayOut}` };
  }
  const { [CERTIFICATE_KEYS.certificate]: certificate, [CERTIFICATE_KEYS.key]: key, [CERTIFICATE_KEYS.authority]: authority } = secret.value.data;
  if (certificate === undefined || key === undefined || authority === undefined) {
    return { why: `Secret ${name} is not filled yet: that is done by the agent of the primary, which waits for its own Secrets and volumes; see its status` };
  }
  const fault = pairFault({ certificate, key });
  return fault === null ? { certificate: { certificate, key, authority } } : { why: `Secret ${name} holds no usable certificate: ${fault}` };
}

/** Tells whether anything differed. */
export async function writeCertificate({ directory }: PoolerPaths, { certificate, key, authority }: PoolerCertificate): Promise<boolean> {
  const differed = [
    await replaceFile(join(directory, 'ca.crt'), authority),
    await replaceFile(join(directory, 'pooler.crt'), certificate),
    await replaceFile(join(directory, 'pooler.key'), key),
  ];
  return differed.includes(true);
}

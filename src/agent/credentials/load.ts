/** Certificates as files for PostgreSQL and its tools, which insist on keys that nobody else can read. */
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Credentials, KeyPair } from './types.js';
import { CLIENT_FILES } from '../../contract/index.js';
import { replaceFile } from '../files.js';

/** Tells whether anything differed: PostgreSQL reads certificates only when it is told to reload. */
export async function loadCredentials(directory: string, credentials: Credentials): Promise<boolean> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const { authority, shown, replication, rewind, agent } = credentials;
  // PostgreSQL knows its clients by the one, and is known to them by the other.
  const files: Record<string, string> = { 'ca.crt': authority, 'server-ca.crt': shown.authority };
  for (const [name, pair] of Object.entries({ server: shown, replication, rewind, agent })) {
    files[`${name}.crt`] = pair.certificate;
    files[`${name}.key`] = pair.key;
  }
  return replaceFiles(directory, files);
}

/**
 * For another container of the pod, in a volume that it shares. Where there is no such volume nothing is written: the pod was made from an
 * earlier program. The certificate comes last, because it is what the other container waits for.
 */
export async function loadClientCertificate(directory: string, authority: string, { certificate, key }: KeyPair): Promise<boolean> {
  if (!await isDirectory(directory)) return false;
  return replaceFiles(directory, { [CLIENT_FILES.authority]: authority, [CLIENT_FILES.key]: key, [CLIENT_FILES.certificate]: certificate });
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then((found) => found.isDirectory(), () => false);
}

async function replaceFiles(directory: string, files: Readonly<Record<string, string>>): Promise<boolean> {
  let changed = false;
  for (const [name, text] of Object.entries(files)) {
    changed = await replaceFile(join(directory, name), text) || changed;
  }
  return changed;
}

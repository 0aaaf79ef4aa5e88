/** Certificates as files for PostgreSQL and its tools, which insist on keys that nobody else can read. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Credentials } from './types.js';

/** Tells whether anything differed: PostgreSQL reads certificates only when it is told to reload. */
export async function loadCredentials(directory: string, credentials: Credentials): Promise<boolean> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const { authority, server, replication, rewind, agent } = credentials;
  const files: Record<string, string> = { 'ca.crt': authority };
  for (const [name, pair] of Object.entries({ server, replication, rewind, agent })) {
    files[`${name}.crt`] = pair.certificate;
    files[`${name}.key`] = pair.key;
  }
  let changed = false;
  for (const [name, text] of Object.entries(files)) {
    changed = await replaceFile(join(directory, name), text) || changed;
  }
  return changed;
}

async function replaceFile(file: string, text: string): Promise<boolean> {
  if (await readFile(file, 'utf8').catch(() => null) === text) return false;
  await writeFile(`${file}.new`, text, { mode: 0o600 });
  await rename(`${file}.new`, file);
  return true;
}

/** How the backup that a new cluster begins with is read: pgBackRest's configuration for the other cluster's repo, with keys from Secrets. */
import { join } from 'node:path';
import { S3_KEYS } from '../../contract/secrets.js';
import type { BootstrapSpec, SecretKeySpec } from '../../contract/spec.js';
import { writeDurably } from '../files.js';
import type { Stanza } from './catalog.js';
import type { Secrets } from '../kube/types.js';

/** Writes it into `directory`, which lies in memory. Rejects when a Secret does not have what is wanted of it. */
export async function writeSource(directory: string, pgdata: string, { repo, stanza }: BootstrapSpec, secrets: Secrets): Promise<Stanza> {
  const value = async (from: SecretKeySpec): Promise<string> => valueOf(secrets, from);
  const options: Record<string, string> = {
    'log-level-file': 'off',
    'repo1-type': repo.type,
    'repo1-path': repo.path,
    'repo1-s3-endpoint': repo.endpoint,
    'repo1-s3-bucket': repo.bucket,
    'repo1-s3-region': repo.region,
    'repo1-s3-uri-style': repo.uriStyle,
    'repo1-s3-key-type': repo.keyType,
    'repo1-storage-verify-tls': repo.verifyTls ? 'y' : 'n',
  };
  if (repo.credentialsSecret !== undefined) {
    const secret = repo.credentialsSecret;
    options['repo1-s3-key'] = await value({ secret, key: S3_KEYS.accessKeyId });
    options['repo1-s3-key-secret'] = await value({ secret, key: S3_KEYS.secretAccessKey });
    const token = (await contentOf(secrets, secret))[S3_KEYS.sessionToken];
    if (token !== undefined) options['repo1-s3-token'] = token;
  }
  if (repo.authority !== undefined) {
    const file = join(directory, 'authority.crt');
    await writeDurably(file, await value(repo.authority));
    options['repo1-storage-ca-file'] = file;
  }
  if (repo.cipher !== undefined) {
    options['repo1-cipher-type'] = 'aes-256-cbc';
    options['repo1-cipher-pass'] = await value(repo.cipher);
  }
  const config = join(directory, 'pgbackrest.conf');
  const lines = Object.entries(options).map(([name, text]) => `${name}=${text.trim()}`);
  await writeDurably(config, `[global]\n${lines.join('\n')}\n\n[${stanza}]\npg1-path=${pgdata}\n`);
  return { config, stanza };
}

async function valueOf(secrets: Secrets, { secret, key }: SecretKeySpec): Promise<string> {
  const value = (await contentOf(secrets, secret))[key];
  if (value === undefined) throw new Error(`Secret ${secret} has no key ${key}, with which the backup is read; add it`);
  return value;
}

async function contentOf(secrets: Secrets, name: string): Promise<Readonly<Record<string, string>>> {
  const found = await secrets.get(name);
  if (!found.ok) throw new Error(`Secret ${name}, with which the backup is read, cannot be read: ${found.message}`);
  return found.value.data;
}

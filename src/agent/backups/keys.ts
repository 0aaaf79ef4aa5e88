/** What the repos are opened with, from the Secrets that somebody else fills. */
import type { RepoKeys } from './configuration.js';
import { S3_KEYS } from '../../contract/secrets.js';
import type { RepoSpec, SecretKeySpec } from '../../contract/spec.js';
import type { Secrets } from '../kube/types.js';

/**
 * Rejects with what is missing. All or nothing: a configuration without one of the repos would make archiving succeed without it, and leave
 * a hole there.
 *
 * `volumes`: the repos on volumes are opened too, as only the repo host does.
 */
export async function readRepoKeys(secrets: Secrets, repos: readonly RepoSpec[], volumes: boolean): Promise<RepoKeys[]> {
  return Promise.all(repos.map(async (repo) => {
    if (repo.type === 'posix') return volumes ? { passphrase: await optional(secrets, repo.cipher) } : {};
    const [passphrase, authority] = await Promise.all([optional(secrets, repo.cipher), optional(secrets, repo.authority)]);
    if (repo.credentialsSecret === undefined) return { passphrase, authority };
    const secret = repo.credentialsSecret;
    const data = await read(secrets, secret);
    return {
      passphrase,
      authority,
      accessKeyId: required(data, secret, S3_KEYS.accessKeyId),
      secretAccessKey: required(data, secret, S3_KEYS.secretAccessKey),
      sessionToken: data[S3_KEYS.sessionToken],
    };
  }));
}

async function optional(secrets: Secrets, at: SecretKeySpec | undefined): Promise<string | undefined> {
  return at === undefined ? undefined : required(await read(secrets, at.secret), at.secret, at.key);
}

async function read(secrets: Secrets, name: string): Promise<Readonly<Record<string, string>>> {
  const result = await secrets.get(name);
  if (result.ok) return result.value.data;
  throw new Error(result.kind === 'notFound'
    ? `Secret ${name} of a backup repo is not there; create it, the repo cannot be opened before`
    : `Secret ${name} of a backup repo cannot be read: ${result.message}`);
}

function required(data: Readonly<Record<string, string>>, secret: string, key: string): string {
  const value = data[key];
  if (value === undefined) throw new Error(`Secret ${secret} of a backup repo has no key ${key}; add it, the repo cannot be opened before`);
  return value.trim();
}

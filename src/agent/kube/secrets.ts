/** The cluster's Secrets: synthesized empty, filled here by compare-and-swap (architecture.md 7). */
import { SECRETS, type KubeApi, type Secret } from './client.js';
import type { Result, SecretRecord, Secrets } from './types.js';

export class KubeSecrets implements Secrets {
  constructor(private readonly api: KubeApi) {}

  async get(name: string): Promise<Result<SecretRecord>> {
    const secret = await this.api.get(SECRETS, name);
    return secret.ok ? { ok: true, value: readSecret(secret.value) } : secret;
  }

  /** A merge patch rather than a PUT, so that no field of Git's is ever sent back; uid and resourceVersion in it make it conditional. */
  async fill(name: string, previous: SecretRecord, data: Readonly<Record<string, string>>): Promise<Result<SecretRecord>> {
    const [uid, resourceVersion] = previous.version.split('/');
    const encoded = Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]));
    const filled = await this.api.patch<Secret>(SECRETS, name, { metadata: { uid, resourceVersion }, data: encoded });
    return filled.ok ? { ok: true, value: readSecret(filled.value) } : filled;
  }
}

function readSecret(secret: Secret): SecretRecord {
  const data: Record<string, string> = {};
  for (const [key, value] of Object.entries(secret.data ?? {})) {
    if (value !== '') data[key] = Buffer.from(value, 'base64').toString('utf8');
  }
  return { version: `${secret.metadata?.uid ?? ''}/${secret.metadata?.resourceVersion ?? ''}`, data };
}

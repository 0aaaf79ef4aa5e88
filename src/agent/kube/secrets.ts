/** The cluster's Secrets: synthesized empty, filled here by compare-and-swap (architecture.md 7). */
import { SECRETS, type KubeApi, type Secret } from './client.js';
import type { Result, SecretRecord, Secrets } from './types.js';

export class KubeSecrets implements Secrets {
  constructor(private readonly api: KubeApi) {}

  async get(name: string): Promise<Result<SecretRecord>> {
    const secret = await this.api.get(SECRETS, name);
    return secret.ok ? { ok: true, value: readSecret(secret.value) } : secret;
  }

  /** Sends the whole object back as it was read, so that `get` and `update` are the only rights that are needed and no field of Git's changes. */
  async fill(name: string, previous: SecretRecord, data: Readonly<Record<string, string>>): Promise<Result<SecretRecord>> {
    const secret = await this.api.get(SECRETS, name);
    if (!secret.ok) return secret;
    if (versionOf(secret.value) !== previous.version) return { ok: false, kind: 'conflict', message: `Secret ${name} has changed meanwhile` };
    const encoded = Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]));
    const filled = await this.api.replace(SECRETS, { ...secret.value, data: { ...secret.value.data, ...encoded } });
    return filled.ok ? { ok: true, value: readSecret(filled.value) } : filled;
  }
}

function readSecret(secret: Secret): SecretRecord {
  const data: Record<string, string> = {};
  for (const [key, value] of Object.entries(secret.data ?? {})) {
    if (value !== '') data[key] = Buffer.from(value, 'base64').toString('utf8');
  }
  return { version: versionOf(secret), data };
}

function versionOf({ metadata }: Secret): string {
  return `${metadata?.uid ?? ''}/${metadata?.resourceVersion ?? ''}`;
}

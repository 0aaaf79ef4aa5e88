/** Configuration files that somebody else keeps in ConfigMaps and Secrets: only read, by name, so that a change of them restarts no pod. */
import { CONFIG_MAPS, type KubeApi } from './client.js';
import type { Failure, Secrets } from './types.js';
import type { ConfigFileSpec } from '../../contract/spec.js';

export interface ConfigFile {
  /** In words: `key custom.conf of ConfigMap tuning`. */
  readonly name: string;
  /** What it says must not be repeated. */
  readonly secret: boolean;
  readonly text: string;
}

export interface ConfigFiles {
  /** In the order in which they are named. Rejects with what is missing: a part of them alone would not be what was asked for. */
  read(files: readonly ConfigFileSpec[]): Promise<readonly ConfigFile[]>;
}

export class KubeConfigFiles implements ConfigFiles {
  constructor(private readonly api: KubeApi, private readonly secrets: Secrets) {}

  read(files: readonly ConfigFileSpec[]): Promise<readonly ConfigFile[]> {
    return Promise.all(files.map(async ({ kind, name, key }) => {
      const data = kind === 'Secret' ? await this.#secret(name) : await this.#configMap(name);
      const text = data[key];
      if (text === undefined) throw new Error(`${kind} ${name} has no key ${key}; add it, or take it out of "configuration"`);
      return { name: `key ${key} of ${kind} ${name}`, secret: kind === 'Secret', text };
    }));
  }

  async #configMap(name: string): Promise<Readonly<Record<string, string>>> {
    const object = await this.api.get(CONFIG_MAPS, name);
    if (object.ok) return object.value.data ?? {};
    throw unreadable(`ConfigMap ${name}`, object);
  }

  async #secret(name: string): Promise<Readonly<Record<string, string>>> {
    const secret = await this.secrets.get(name);
    if (secret.ok) return secret.value.data;
    throw unreadable(`Secret ${name}`, secret);
  }
}

function unreadable(what: string, { kind, message }: Failure): Error {
  return new Error(kind === 'notFound'
    ? `${what} is not there; create it, or take it out of "configuration"`
    : `${what} cannot be read: ${message}`);
}

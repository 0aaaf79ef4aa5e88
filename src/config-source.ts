import type { Construct } from 'constructs';
import type { ConfigFileSpec } from './contract';
import { isObjectName, refuse } from './validation';

/** Which of an object's keys is the file. */
export interface ConfigSourceOptions {
  /**
   * The key that holds the file.
   *
   * @example 'custom.conf'
   */
  readonly key: string;
}

/**
 * A configuration file that somebody else keeps in the cluster's namespace. The agents read it through the API, so that a change of it restarts
 * no pod, and check it before they take it over. One that is missing, does not parse, or says what the agents must say themselves is not taken
 * over: the last good one stays in force, and `/status`, an Event and the log say what is wrong.
 *
 * @example
 * ConfigSource.configMap('tuning', { key: 'custom.conf' })
 */
export class ConfigSource {
  /**
   * A file in a ConfigMap.
   *
   * @param name the ConfigMap's name
   * @param options which key
   */
  public static configMap(name: string, options: ConfigSourceOptions): ConfigSource {
    return new ConfigSource({ kind: 'ConfigMap', name, key: options.key });
  }

  /**
   * A file in a Secret. What it says is not repeated in messages.
   *
   * @param name the Secret's name
   * @param options which key
   */
  public static secret(name: string, options: ConfigSourceOptions): ConfigSource {
    return new ConfigSource({ kind: 'Secret', name, key: options.key });
  }

  private constructor(private readonly spec: ConfigFileSpec) {}

  /** @internal */
  public _toSpec(): ConfigFileSpec {
    return this.spec;
  }
}

/** As the agents get it; nothing where there is none, so that a spec without it stays as it was. */
export function configFiles(scope: Construct, prop: string, sources: readonly ConfigSource[] = []): ConfigFileSpec[] | undefined {
  const files = sources.map((source) => source._toSpec());
  files.forEach(({ kind, name, key }, index) => {
    if (!isObjectName(name)) refuse(scope, `${prop}[${index}]`, `names the ${kind} "${name}"`, `give the name of a ${kind} in the cluster's namespace`);
    if (!/^[-._a-zA-Z0-9]{1,253}$/.test(key)) {
      refuse(scope, `${prop}[${index}].key`, `is "${key}"`, `give a key of the ${kind}: letters, digits, dashes, dots and underscores`);
    }
    if (files.findIndex((other) => other.kind === kind && other.name === name && other.key === key) !== index) {
      refuse(scope, `${prop}[${index}]`, `is key "${key}" of ${kind} "${name}" once more`, 'name each file once: a later one outranks an earlier one');
    }
  });
  return files.length === 0 ? undefined : files;
}

/** Names of the objects of a kind, each once. */
export function configObjects(kind: ConfigFileSpec['kind'], ...lists: (readonly ConfigSource[] | undefined)[]): string[] {
  const files = lists.flatMap((sources) => sources ?? []).map((source) => source._toSpec());
  return [...new Set(files.filter((file) => file.kind === kind).map(({ name }) => name))];
}

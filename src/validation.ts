import type { IConstruct } from 'constructs';

/** Stops synth: what is wrong, where, and the way out. Started in lower case without a full stop, as cdk8s prints its own. */
export function refuse(scope: IConstruct, prop: string, problem: string, wayOut: string): never {
  throw new Error(`[${scope.node.path}] "${prop}" ${problem}; ${wayOut}`);
}

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/** RFC 1123, as Kubernetes wants label values and pod names. */
export function isDnsLabel(name: string): boolean {
  return name.length <= 63 && DNS_LABEL.test(name);
}

/** RFC 1035, as Kubernetes wants names of Services: begins with a letter. */
export function isServiceName(name: string): boolean {
  return isDnsLabel(name) && /^[a-z]/.test(name);
}

/** The names that occur more than once, each once, in order. */
export function duplicates(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}

export function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ');
}

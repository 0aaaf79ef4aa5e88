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

/** RFC 1123 subdomain: as Kubernetes wants names of most objects. */
export function isObjectName(name: string): boolean {
  return /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(name);
}

/** A DNS name of several labels or of one, without a wildcard. */
export function isHostName(name: string): boolean {
  return name.length <= 253 && name.split('.').every(isDnsLabel);
}

const IPV4 = /(?<=^|:)(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$/;

/** A range of addresses, of IPv4 or IPv6, as `address/length`. */
export function isAddressRange(text: string): boolean {
  const [, address, length] = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
  if (address === undefined) return false;
  if (!address.includes(':')) return IPV4.test(address) && Number(length) <= 32;
  return isIpv6(address) && Number(length) <= 128;
}

function isIpv6(address: string): boolean {
  // The last two groups may be written as IPv4.
  const halves = address.replace(IPV4, '0:0').split('::').map((half) => (half === '' ? [] : half.split(':')));
  const groups = halves.flat();
  return groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group)) && (halves.length === 1 ? groups.length === 8 : halves.length === 2 && groups.length < 8);
}

/** The names that occur more than once, each once, in order. */
export function duplicates(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}

export function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ');
}

import { parseAllDocuments } from 'yaml';

/**
 * What a new release of the library may not do to the output of a program that did not change (architecture.md 14a): a removed or renamed
 * object is lost with what it held, a changed immutable field is rejected by the API server for ever after, and a changed pod template
 * restarts every database of every user.
 */

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [field: string]: unknown;
}

/** Fields that the API server does not let change once an object exists. */
const IMMUTABLE: { readonly [kind: string]: readonly string[] } = {
  Deployment: ['spec.selector'],
  StatefulSet: ['spec.selector', 'spec.serviceName', 'spec.podManagementPolicy', 'spec.volumeClaimTemplates'],
  PersistentVolumeClaim: ['spec.accessModes', 'spec.storageClassName', 'spec.volumeMode', 'spec.volumeName', 'spec.selector', 'spec.dataSource', 'spec.dataSourceRef'],
  Service: ['spec.clusterIP', 'spec.type'],
  RoleBinding: ['roleRef'],
  Secret: ['type'],
};

/** Fields that could change, and must not: the objects' tie to each other and to running pods. */
const KEPT: { readonly [kind: string]: readonly string[] } = {
  StatefulSet: ['spec.template', 'spec.replicas', 'spec.updateStrategy', 'spec.persistentVolumeClaimRetentionPolicy'],
  PodDisruptionBudget: ['spec.selector'],
  Service: ['spec.selector', 'spec.ports'],
};

export function breakingChanges(before: string, after: string): string[] {
  const now = new Map(objects(after).map((object) => [idOf(object), object]));
  return objects(before).flatMap((old) => {
    const id = idOf(old);
    const current = now.get(id);
    return current ? [...changedFields(id, old, current), ...shrunk(id, old, current), ...unprotected(id, old, current)] : [`${id} is gone`];
  });
}

function changedFields(id: string, old: Manifest, current: Manifest): string[] {
  const changed = (path: string) => JSON.stringify(at(old, path)) !== JSON.stringify(at(current, path));
  return [
    ...(IMMUTABLE[old.kind] ?? []).filter(changed).map((path) => `${id}: ${path} changed, and the API server will refuse it`),
    ...(KEPT[old.kind] ?? []).filter(changed).map((path) => `${id}: ${path} changed`),
  ];
}

function shrunk(id: string, old: Manifest, current: Manifest): string[] {
  if (old.kind !== 'PersistentVolumeClaim') return [];
  const [was, is] = [old, current].map((claim) => String(at(claim, 'spec.resources.requests.storage')));
  return bytes(is) < bytes(was) ? [`${id}: shrank from ${was} to ${is}, and the API server will refuse it`] : [];
}

/** A volume or Secret that loses its protection is deleted by the next prune. */
function unprotected(id: string, old: Manifest, current: Manifest): string[] {
  const protection = (object: Manifest) => Object.entries(at(object, 'metadata.annotations') ?? {}).filter(([key]) => /argocd|fluxcd/.test(key));
  const kept = new Set(protection(current).map(String));
  return protection(old).filter((entry) => !kept.has(String(entry))).map(([key]) => `${id}: ${key} changed`);
}

function objects(yaml: string): Manifest[] {
  return parseAllDocuments(yaml).map((document) => document.toJS() as Manifest);
}

function idOf({ kind, metadata }: Manifest): string {
  return [kind, ...metadata.namespace ? [metadata.namespace] : [], metadata.name].join('/');
}

function at(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((inner, key) => (inner as { [key: string]: unknown } | undefined)?.[key], value);
}

function bytes(quantity: string): number {
  const [, amount, suffix] = /^(\d+)([KMGTP]i)$/.exec(quantity)!;
  return Number(amount) * 1024 ** ('KMGTP'.indexOf(suffix[0]) + 1);
}

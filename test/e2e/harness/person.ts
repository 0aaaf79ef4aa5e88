/** Somebody who works with a cluster and has only these rights in its namespace: an account of its own, and its kubeconfig. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster } from './cluster';

export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** The file's path. */
export async function kubeconfigOf({ kubectl, namespace, directory }: Cluster, name: string, rules: readonly Rule[]): Promise<string> {
  const metadata = { name };
  const items = [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata, rules },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name }, subjects: [{ kind: 'ServiceAccount', name, namespace }],
    },
  ];
  await kubectl.apply(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  const token = (await kubectl.run(['create', 'token', name])).trim();
  const mine = await kubectl.json<{ 'clusters': unknown[]; 'contexts': { name: string; context: object }[]; 'current-context': string }>('config', 'view', '--raw', '--minify', '--flatten');
  const contexts = mine.contexts.map(({ name: context, context: inner }) => ({ name: context, context: { ...inner, user: name } }));
  const file = join(directory, `${name}.kubeconfig`);
  writeFileSync(file, JSON.stringify({ ...mine, contexts, users: [{ name, user: { token } }] }), { mode: 0o600 });
  return file;
}

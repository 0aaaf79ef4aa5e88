/** The manifests of a small cluster as users synthesize them, applied, with the agent's token bound to the Role that is among them. */
import { App, Chart, Size, Testing } from 'cdk8s';
import { stringify } from 'yaml';
import type { ApiServer } from './api-server';
import type { ClusterSpec } from '../../../../src/contract';
import { SPEC_KEY } from '../../../../src/contract';
import { PostgresCluster, PostgresVersion } from '../../../../src/index';

export const NAMESPACE = 'shop';

export interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Record<string, string>;
}

export function synthesize(): { manifests: Manifest[]; spec: ClusterSpec } {
  const chart = new Chart(new App(), 'shop', { namespace: NAMESPACE });
  new PostgresCluster(chart, 'orders', { version: PostgresVersion.V17, storage: { size: Size.gibibytes(10) } });
  const manifests = Testing.synth(chart) as Manifest[];
  const spec = manifests.find(({ kind }) => kind === 'ConfigMap')!.data![SPEC_KEY]!;
  return { manifests, spec: JSON.parse(spec) as ClusterSpec };
}

export function apply(server: ApiServer, manifests: readonly object[]): void {
  server.kubectl(['apply', '--server-side', '-f', '-'], manifests.map((manifest) => stringify(manifest)).join('---\n'));
}

/** What `kubectl diff` would show; it fails when that is anything. */
export function diff(server: ApiServer, manifests: readonly object[]): string {
  return server.kubectl(['diff', '--server-side', '-f', '-'], manifests.map((manifest) => stringify(manifest)).join('---\n'));
}

/** The agent's token gets exactly the rights of the synthesized Role. */
export function bindAgent(server: ApiServer, manifests: readonly Manifest[]): void {
  const role = manifests.find(({ kind }) => kind === 'Role')!.metadata.name;
  server.kubectl(['-n', NAMESPACE, 'create', 'rolebinding', 'agent-token', `--role=${role}`, '--user=agent']);
}

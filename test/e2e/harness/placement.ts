/** Where client programs run: as processes where this one reaches pods, else in a pod of their own. */
import { readFileSync } from 'node:fs';
import { Client } from './client';
import type { Cluster } from './cluster';
import { AGENT_DIR, AGENT_IMAGE_DIR } from '../../../src/contract';

export type Program = 'ledger' | 'probe';
const PROGRAMS: readonly Program[] = ['ledger', 'probe'];
const POD = 'test-client';
const NODE = [`${AGENT_DIR}/ld.so`, '--library-path', `${AGENT_DIR}/lib`, `${AGENT_DIR}/bin/node`];

const fileOf = (program: Program): string => `dist/e2e/${program}.js`;

export async function prepareClients(cluster: Cluster): Promise<void> {
  if (!cluster.target.reachesPods) await startPod(cluster);
}

export function startClient(cluster: Cluster, program: Program, ...args: string[]): Client {
  return new Client(cluster.target.reachesPods
    ? [process.execPath, fileOf(program), ...args]
    : cluster.kubectl.argv(['exec', '-i', POD, '--container=client', '--', ...NODE, `/programs/${program}.js`, ...args]));
}

/** On that node's own network, which sees its pods also while the node is cut off. */
export function startClientInNode(cluster: Cluster, node: string, program: Program, ...args: string[]): Client {
  return new Client([...cluster.target.machine!.inNode(node), process.execPath, fileOf(program), ...args]);
}

/** The agent's image brings a node to run them with, as it does for the database's pods. */
async function startPod(cluster: Cluster): Promise<void> {
  const { kubectl, target } = cluster;
  const restricted = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
  await kubectl.apply(JSON.stringify({
    apiVersion: 'v1',
    kind: 'List',
    items: [
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: POD }, data: Object.fromEntries(PROGRAMS.map((p) => [`${p}.js`, readFileSync(fileOf(p), 'utf8')])) },
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: POD },
        spec: {
          terminationGracePeriodSeconds: 0,
          securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
          initContainers: [{
            name: 'node',
            image: target.images.agent,
            command: [`${AGENT_IMAGE_DIR}/pgguard`, 'install', '--from', AGENT_IMAGE_DIR, '--to', AGENT_DIR],
            securityContext: restricted,
            volumeMounts: [{ name: 'node', mountPath: AGENT_DIR }],
          }],
          containers: [{
            name: 'client',
            image: target.images.postgres,
            command: ['sleep', 'infinity'],
            securityContext: restricted,
            volumeMounts: [{ name: 'node', mountPath: AGENT_DIR }, { name: 'programs', mountPath: '/programs' }],
          }],
          volumes: [{ name: 'node', emptyDir: {} }, { name: 'programs', configMap: { name: POD } }],
        },
      },
    ],
  }));
  await kubectl.run(['wait', '--for=condition=Ready', `pod/${POD}`, '--timeout=120s'], { timeoutMs: 130_000 });
}

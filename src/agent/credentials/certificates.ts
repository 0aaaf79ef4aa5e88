/** Which certificates a cluster has, and under which names its servers answer. */
import type { Leaf } from './pki.js';
import {
  ACCESS_LEVELS, accessCommonName, AGENT_COMMON_NAME, BACKUP_COMMON_NAME, OWN_COMMON_NAMES, PGBACKREST_COMMON_NAME, SYSTEM_ROLES, type BackupsSpec, type ClusterSpec, type UserSpec,
} from '../../contract/index.js';

export type LeafName = 'server' | 'replication' | 'rewind' | 'agent';

export interface NamedLeaf {
  readonly secret: string;
  readonly leaf: Leaf;
}

/** `monitoring`: null where metrics are off. */
export type Leaves = Record<LeafName, NamedLeaf> & { readonly monitoring: NamedLeaf | null };

/** `name`: by which the server answers besides. */
export function leavesOf(spec: ClusterSpec, namespace: string, name: string | null): Leaves {
  const { objects } = spec;
  const client = (commonName: string): Leaf => ({ commonName, usage: 'client', dnsNames: [] });
  return {
    server: {
      secret: objects.serverSecret,
      leaf: { commonName: objects.readWriteService, usage: 'server', dnsNames: [...new Set([...serverNames(spec, namespace), ...name === null ? [] : [name]])] },
    },
    replication: { secret: objects.replicationSecret, leaf: client(SYSTEM_ROLES.replication) },
    rewind: { secret: objects.rewindSecret, leaf: client(SYSTEM_ROLES.rewind) },
    agent: { secret: objects.agentSecret, leaf: client(AGENT_COMMON_NAME) },
    monitoring: objects.monitoringSecret === undefined ? null : { secret: objects.monitoringSecret, leaf: client(SYSTEM_ROLES.monitoring) },
  };
}

/** What pgBackRest needs, where there are backups. Every instance and the repo host show the same certificate, as server and as client. */
export function backupLeavesOf(spec: ClusterSpec, namespace: string, backups: BackupsSpec): Record<'pgBackRest' | 'request', NamedLeaf> {
  const { instancesService } = spec.objects;
  const hosts = [...backups.host === undefined ? [] : [backups.host], ...spec.instances.map(({ pod }) => `${pod}.${instancesService}`)];
  return {
    pgBackRest: { secret: backups.certificateSecret, leaf: { commonName: PGBACKREST_COMMON_NAME, usage: 'peer', dnsNames: namesOf(hosts, namespace) } },
    request: { secret: backups.requestSecret, leaf: { commonName: BACKUP_COMMON_NAME, usage: 'client', dnsNames: [] } },
  };
}

/** The pooler is a server to its clients and, as a role of its own, a client of PostgreSQL. null where there is none. */
export function poolerLeafOf({ pooler }: ClusterSpec, namespace: string): NamedLeaf | null {
  if (pooler === undefined) return null;
  return { secret: pooler.secret, leaf: { commonName: SYSTEM_ROLES.pooler, usage: 'peer', dnsNames: ['localhost', ...namesOf([pooler.service], namespace)] } };
}

/** By which people show themselves to the agents' API; none where an older library wrote the spec. */
export function accessLeavesOf({ objects: { accessSecrets } }: ClusterSpec): readonly NamedLeaf[] {
  if (accessSecrets === undefined) return [];
  return ACCESS_LEVELS.map((level) => ({ secret: accessSecrets[level], leaf: { commonName: accessCommonName(level), usage: 'client', dnsNames: [] } }));
}

/** By which a user's application shows itself. null for a name that would make it an agent, or a role of the cluster itself. */
export function userLeafOf({ name }: UserSpec): Leaf | null {
  return OWN_COMMON_NAMES.test(name) ? null : { commonName: name, usage: 'client', dnsNames: [] };
}

/** Every name by which a client in the cluster may call an instance or a Service. */
function serverNames(spec: ClusterSpec, namespace: string): string[] {
  const { readWriteService, readOnlyService, readService, instancesService } = spec.objects;
  const hosts = [readWriteService, readOnlyService, readService, ...spec.instances.map(({ pod }) => `${pod}.${instancesService}`)];
  return ['localhost', ...namesOf(hosts, namespace)];
}

function namesOf(hosts: readonly string[], namespace: string): string[] {
  return [...new Set(hosts.flatMap((host) => [host, `${host}.${namespace}`, `${host}.${namespace}.svc`, `${host}.${namespace}.svc.cluster.local`]))];
}

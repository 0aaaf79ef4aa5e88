/** A cluster of two instances as the command line sees it: the pods, and what their agents say. */
import type { Heard, Observation, PodSeen } from '../../src/cli/observe';
import type { BackupsSpec, ClusterSpec, InstanceStatus } from '../../src/contract';

export const NOW = new Date('2026-03-01T12:00:00Z');

export const BACKUPS: BackupsSpec = {
  stanza: 'orders', host: 'orders-repo', certificateSecret: 'orders-pgbackrest', requestSecret: 'orders-backup',
  repos: [{ type: 'posix', retention: { fullType: 'count', full: 2 } }],
};

export function spec(more: Partial<ClusterSpec> = {}): ClusterSpec {
  const instance = (name: string) => ({ name, statefulSet: `orders-${name}`, pod: `orders-${name}-0`, dataClaim: `orders-${name}-data`, walVolume: false, tablespaces: [], retire: false });
  return {
    cluster: 'orders', postgresVersion: '17', instances: [instance('1'), instance('2')],
    databases: [],
    objects: { lease: 'orders-leader', instancesService: 'orders-instances' },
    ...more,
  } as ClusterSpec;
}

export function pod(name: string, more: Partial<PodSeen> = {}): PodSeen {
  return {
    name, component: 'instance', instance: name.split('-')[1], node: 'node-a', ready: true, terminating: false, restarts: 0, waiting: null, container: 'postgres', raw: {}, ...more,
  };
}

export function status(instance: string, more: Partial<InstanceStatus> = {}): InstanceStatus {
  return {
    instance, postgres: 'standby', ready: true, doing: 'Following', reason: 'it follows', position: { timeline: 3, lsn: '0/5000000', history: [] },
    streaming: true, upstream: '1', systemId: '7', lease: { view: 'theirs', slowestRenewalMs: null }, data: 'present', leaving: false, peers: [], problems: [], ...more,
  };
}

export const PRIMARY: Heard = { pod: pod('orders-1-0'), status: status('1', { postgres: 'primary', doing: 'Leading', streaming: null, upstream: null, position: { timeline: 3, lsn: '0/5000400', history: [] }, lease: { view: 'mine', slowestRenewalMs: 3 } }) };
export const REPLICA: Heard = { pod: pod('orders-2-0'), status: status('2') };

export function seen(more: Partial<Observation> = {}): Observation {
  return {
    namespace: 'shop', spec: spec(), lease: { holder: '1', renewedAt: new Date(NOW.getTime() - 2_000), durationSeconds: 10, term: 4 }, heard: [PRIMARY, REPLICA], ...more,
  };
}

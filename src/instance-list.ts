import type { Construct } from 'constructs';
import type { PostgresClusterProps } from './cluster-props';
import type { InstanceOptions } from './instance';
import { metadataOf } from './metadata';
import type { ClusterNames } from './naming';
import { maxWalSize } from './parameters/check';
import { kibibytes } from './quantity';
import type { StorageOptions, TablespaceOptions } from './storage';
import { duplicates, quoted, refuse } from './validation';
import { backingOf } from './volume-source';

/** An instance with what it takes over from its cluster. */
export interface ResolvedInstance extends InstanceOptions {
  readonly storage: StorageOptions;
  readonly tablespaces: TablespaceOptions[];
}

const DEFAULT_INSTANCES = 3;

export function resolveInstances(scope: Construct, names: ClusterNames, props: PostgresClusterProps): ResolvedInstance[] {
  const list = listed(scope, props);
  const twice = duplicates(list.map(({ name }) => name));
  if (twice.length > 0) refuse(scope, 'instanceList', `names ${quoted(twice)} more than once`, 'give each instance a name of its own');

  const leastWal = maxWalSize(scope, props.parameters ?? {});
  const metadata = metadataOf(props, 'instances');
  const resolved = list.map((own, index): ResolvedInstance => {
    const walStorage = own.walStorage ?? props.walStorage;
    if (walStorage && kibibytes(walStorage.size) < leastWal.kibibytes) {
      refuse(scope, `${own.walStorage ? `instanceList[${index}].` : ''}walStorage.size`,
        `is ${walStorage.size.asString()}, and the parameter max_wal_size lets the log grow to ${leastWal.text}`,
        'give the volume more, or set "parameters.max_wal_size" lower');
    }
    return {
      ...own,
      storage: own.storage ?? props.storage,
      walStorage,
      tablespaces: instanceTablespaces(scope, `instanceList[${index}].tablespaces`, props.tablespaces ?? [], own.tablespaces ?? []),
      resources: own.resources ?? props.resources,
      dataPath: own.dataPath ?? props.dataPath,
      labels: { ...metadata.labels, ...own.labels },
      annotations: { ...metadata.annotations, ...own.annotations },
    };
  });
  checkClaims(scope, props, resolved, names);
  return resolved;
}

/** Two volumes in one claim would write over each other's files; two instances would even share one. */
function checkClaims(scope: Construct, { backups }: PostgresClusterProps, instances: readonly ResolvedInstance[], names: ClusterNames): void {
  const volumes = instances.flatMap(({ name, storage, walStorage, tablespaces }) => [
    { storage, own: names.dataClaim(name) },
    ...walStorage ? [{ storage: walStorage, own: names.walClaim(name) }] : [],
    ...tablespaces.map((tablespace) => ({ storage: tablespace.storage, own: names.tablespaceClaim(name, tablespace.name) })),
  ]);
  const given = volumes.flatMap(({ storage }) => storage.source?._claimName ?? []);
  const repos = (backups?.repos ?? []).flatMap((repo, index) => (repo._storage() ? [names.repoClaim(index + 1)] : []));
  const all = [...volumes.flatMap(({ storage, own }) => backingOf(storage, own).claimName ?? []), ...repos];
  const twice = duplicates(all).filter((claim) => given.includes(claim));
  if (twice.length > 0) {
    refuse(scope, 'storage.source', `names the existing claim ${quoted(twice)} for more than one volume`,
      'give each volume of each instance a claim of its own, by "instanceList", and none that the cluster makes itself');
  }
}

function listed(scope: Construct, { instances, instanceList }: PostgresClusterProps): InstanceOptions[] {
  if (instanceList !== undefined) {
    if (instances !== undefined) {
      refuse(scope, 'instances', `is ${instances}, and "instanceList" is given too`, 'give one of the two');
    }
    if (instanceList.length === 0) refuse(scope, 'instanceList', 'is empty', 'list at least one instance, or use "instances"');
    return instanceList;
  }
  const count = instances ?? DEFAULT_INSTANCES;
  if (!Number.isInteger(count) || count < 1) refuse(scope, 'instances', `is ${count}`, 'give a whole number from 1 on');
  return Array.from({ length: count }, (_, index) => ({ name: `${index + 1}` }));
}

/** The cluster's tablespaces, in the cluster's order, each on the instance's own kind of volume where it has one. */
function instanceTablespaces(scope: Construct, prop: string, ofCluster: TablespaceOptions[], own: TablespaceOptions[]): TablespaceOptions[] {
  const known = ofCluster.map(({ name }) => name);
  const unknown = own.map(({ name }) => name).filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    refuse(scope, prop, `names ${quoted(unknown)}, which the cluster's "tablespaces" does not have`,
      'add it there: a replica is a copy of the whole cluster, so every instance has every tablespace');
  }
  const twice = duplicates(own.map(({ name }) => name));
  if (twice.length > 0) refuse(scope, prop, `names ${quoted(twice)} more than once`, 'name each tablespace once');
  return ofCluster.map((tablespace) => own.find(({ name }) => name === tablespace.name) ?? tablespace);
}

import type { Size } from 'cdk8s';
import { Construct } from 'constructs';
import type { IPostgresCluster } from './cluster-reference';
import { instanceLabels } from './labels';
import { ClusterNames } from './naming';
import { kibibytes } from './quantity';
import { duplicates, quoted, refuse } from './validation';
import { volumeClaim } from './volume-claim';
import { Backing, backingOf, checkSource, claimOf, supplementalGroups, VolumeSource } from './volume-source';

/** How a volume may be mounted. */
export enum VolumeAccessMode {
  /** By one node at a time. Every storage driver has it. */
  READ_WRITE_ONCE = 'ReadWriteOnce',
  /** By one pod at a time: the storage itself keeps a second PostgreSQL away from the data. Needs a CSI driver that has it. */
  READ_WRITE_ONCE_POD = 'ReadWriteOncePod',
}

/** A volume. */
export interface StorageOptions {
  /**
   * Size of the volume, more than zero. It can grow later, where the storage class allows, and never shrink.
   *
   * @example Size.gibibytes(100)
   */
  readonly size: Size;

  /**
   * Name of the storage class. Fixed for the life of the volume.
   *
   * @default - the default class of the Kubernetes cluster
   */
  readonly storageClass?: string;

  /**
   * Where the volume comes from.
   *
   * @default VolumeSource.newClaim()
   */
  readonly source?: VolumeSource;
}

/** A tablespace with a volume of its own in each instance. */
export interface TablespaceOptions {
  /**
   * The tablespace's name in PostgreSQL: lower-case letters, digits and underscores, at most 63, not beginning with `pg_`.
   */
  readonly name: string;

  /** Its volume. */
  readonly storage: StorageOptions;
}

/** Properties of `InstanceVolumes`. */
export interface InstanceVolumesProps {
  /** The cluster that the instance belongs to. */
  readonly cluster: IPostgresCluster;

  /** The instance's name within the cluster. */
  readonly instanceName: string;

  /** The volume for the data directory. */
  readonly storage: StorageOptions;

  /**
   * A volume for the write-ahead log alone.
   *
   * @default - the log lies on the data volume
   */
  readonly walStorage?: StorageOptions;

  /**
   * Tablespaces with volumes of their own.
   *
   * @default - none
   */
  readonly tablespaces?: TablespaceOptions[];

  /**
   * How the volumes may be mounted. Fixed for the life of a volume.
   *
   * @default [VolumeAccessMode.READ_WRITE_ONCE]
   */
  readonly accessModes?: VolumeAccessMode[];

  /**
   * Labels of the claims.
   *
   * @default - only the library's own
   */
  readonly labels?: { [key: string]: string };

  /**
   * Annotations of the claims.
   *
   * @default - only the library's own
   */
  readonly annotations?: { [key: string]: string };
}

/**
 * The volumes of one instance, as plain PersistentVolumeClaims: they can grow in place, and neither Argo CD nor Flux deletes them with the
 * line of the program that made them.
 */
export class InstanceVolumes extends Construct {
  /** Name of the claim for the data directory; an ephemeral volume has none. */
  public readonly dataClaimName?: string;
  /** Name of the claim for the write-ahead log, if it has one. */
  public readonly walClaimName?: string;
  /** @internal */
  public readonly _data: Backing;
  /** @internal */
  public readonly _wal?: Backing;
  /** @internal */
  public readonly _tablespaces: { readonly [tablespace: string]: Backing };
  /** @internal */
  public readonly _supplementalGroups: number[];

  constructor(scope: Construct, id: string, props: InstanceVolumesProps) {
    super(scope, id);
    const names = new ClusterNames(props.cluster.clusterName);
    const tablespaces = props.tablespaces ?? [];
    checkStorage(this, 'storage', props.storage);
    if (props.walStorage) checkStorage(this, 'walStorage', props.walStorage);
    checkTablespaces(this, tablespaces);
    checkAccessModes(this, props.accessModes);

    this._data = this.volume('data', names.dataClaim(props.instanceName), props.storage, props);
    this._wal = props.walStorage && this.volume('wal', names.walClaim(props.instanceName), props.walStorage, props);
    this._tablespaces = Object.fromEntries(tablespaces.map(({ name, storage }) => [
      name, this.volume(`tablespace-${name}`, names.tablespaceClaim(props.instanceName, name), storage, props),
    ]));
    this._supplementalGroups = supplementalGroups([props.storage, ...props.walStorage ? [props.walStorage] : [], ...tablespaces.map(({ storage }) => storage)]);
    this.dataClaimName = this._data.claimName;
    this.walClaimName = this._wal?.claimName;
  }

  /** Names of the tablespaces' claims, by tablespace; ephemeral volumes have none. */
  public get tablespaceClaimNames(): { [tablespace: string]: string } {
    return Object.fromEntries(Object.entries(this._tablespaces).flatMap(([name, { claimName }]) => claimName === undefined ? [] : [[name, claimName]]));
  }

  private volume(id: string, claimName: string, storage: StorageOptions, props: InstanceVolumesProps): Backing {
    const from = claimOf(storage);
    if (from) {
      const labels = instanceLabels(props.cluster.clusterName, props.instanceName, props.labels);
      volumeClaim(this, id, { metadata: { name: claimName, labels, annotations: props.annotations }, size: storage.size, from, accessModes: props.accessModes });
    }
    return backingOf(storage, claimName);
  }
}

/** Stops synth on a volume that no cluster could have. */
export function checkStorage(scope: Construct, prop: string, storage: StorageOptions): void {
  if (!(kibibytes(storage.size) > 0)) {
    refuse(scope, `${prop}.size`, `must be more than zero, got ${storage.size.asString()}`, 'give the size that the volume shall have, like Size.gibibytes(10)');
  }
  if (storage.storageClass === '') {
    refuse(scope, `${prop}.storageClass`, 'is empty, which switches dynamic provisioning off',
      'name a class, or leave it out for the default one; volumes that are there already are taken by VolumeSource.persistentVolume()');
  }
  checkSource(scope, prop, storage);
}

/** What PostgreSQL takes without quotes: the name is also a directory in the pod. */
const TABLESPACE_NAME = /^[a-z_][a-z0-9_]{0,62}$/;

function checkTablespaces(scope: Construct, tablespaces: TablespaceOptions[]): void {
  tablespaces.forEach(({ name, storage }, index) => {
    const prop = `tablespaces[${index}]`;
    if (name.startsWith('pg_')) {
      refuse(scope, `${prop}.name`, `is "${name}", and PostgreSQL reserves names that begin with pg_`, 'choose another name');
    }
    if (!TABLESPACE_NAME.test(name)) {
      refuse(scope, `${prop}.name`, `is "${name}"`, 'use lower-case letters, digits and underscores, at most 63, not a digit first');
    }
    checkStorage(scope, `${prop}.storage`, storage);
  });
  const twice = duplicates(tablespaces.map(({ name }) => name));
  if (twice.length > 0) {
    refuse(scope, 'tablespaces', `names ${quoted(twice)} more than once`, 'give each tablespace a name of its own');
  }
}

function checkAccessModes(scope: Construct, modes?: VolumeAccessMode[]): void {
  if (modes && modes.length !== 1) {
    refuse(scope, 'accessModes', `has ${modes.length} entries`, 'give exactly one: READ_WRITE_ONCE, or READ_WRITE_ONCE_POD where the driver has it');
  }
}

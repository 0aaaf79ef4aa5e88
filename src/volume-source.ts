import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { sizeQuantity } from './quantity';
import type { StorageOptions } from './storage';
import { isObjectName, refuse } from './validation';

/** Which ready-made volumes a claim may take. */
export interface PersistentVolumeSelection {
  /**
   * Labels that a PersistentVolume must have, at least one.
   *
   * @example { rack: '7', disk: 'nvme' }
   */
  readonly matchLabels: { [label: string]: string };

  /**
   * Groups that the pod's processes are in besides their own, as the volume's server knows them: for NFS and the like, where Kubernetes does
   * not give the files to the pod.
   *
   * @default - none
   */
  readonly supplementalGroups?: number[];
}

/** Where a volume comes from. */
export class VolumeSource {
  /** A claim of the cluster's own, for which the storage class makes a volume. */
  public static newClaim(): VolumeSource {
    return new VolumeSource('newClaim');
  }

  /**
   * A claim that is there already and that this program does not make, for one volume of one instance. Data in it that belongs to this version
   * of PostgreSQL and to the cluster's `uid` is taken over: see `InstanceOptions.dataPath`.
   *
   * @param claimName the PersistentVolumeClaim, in the cluster's namespace
   */
  public static existingClaim(claimName: string): VolumeSource {
    return new VolumeSource('existingClaim', claimName);
  }

  /**
   * Room on the node's own disk, which is lost with the pod: at every deletion, eviction and update of a pod its instance is cloned anew, and
   * when all pods are gone the data is too. The agents then start no new database in its place; that takes a cluster of another name. For tests
   * and for what can be made again. The size is a limit: the pod is evicted when it takes more.
   */
  public static ephemeral(): VolumeSource {
    return new VolumeSource('ephemeral');
  }

  /**
   * A claim of the cluster's own that takes one of the PersistentVolumes that somebody has made, by their labels. None is made for it where
   * `storageClass` is left out.
   *
   * @param selection which ones
   */
  public static persistentVolume(selection: PersistentVolumeSelection): VolumeSource {
    return new VolumeSource('persistentVolume', undefined, selection);
  }

  private constructor(
    /** @internal */
    public readonly _kind: 'newClaim' | 'existingClaim' | 'ephemeral' | 'persistentVolume',
    /** @internal */
    public readonly _claimName?: string,
    /** @internal */
    public readonly _selection?: PersistentVolumeSelection,
  ) {}
}

/** A volume as a pod names it. */
export interface Backing {
  /** Absent: it goes with the pod. */
  readonly claimName?: string;
  readonly sizeLimit?: k8s.Quantity;
  /** It was there before the cluster, and may hold data. */
  readonly given?: true;
}

/** `ownClaim`: the name of the claim where the cluster makes it. */
export function backingOf(storage: StorageOptions, ownClaim: string): Backing {
  const source = storage.source ?? VolumeSource.newClaim();
  switch (source._kind) {
    case 'ephemeral': return { sizeLimit: sizeQuantity(storage.size) };
    case 'existingClaim': return { claimName: source._claimName, given: true };
    case 'newClaim': return { claimName: ownClaim };
    case 'persistentVolume': return { claimName: ownClaim, given: true };
  }
}

/** What of a claim's spec tells which volume it gets; nothing where the cluster makes no claim. */
export function claimOf(storage: StorageOptions): Pick<k8s.PersistentVolumeClaimSpec, 'storageClassName' | 'selector'> | undefined {
  const source = storage.source ?? VolumeSource.newClaim();
  switch (source._kind) {
    case 'ephemeral':
    case 'existingClaim': return undefined;
    case 'newClaim': return { storageClassName: storage.storageClass };
    // The empty class is no class: only what is there already is taken.
    case 'persistentVolume': return { storageClassName: storage.storageClass ?? '', selector: { matchLabels: source._selection!.matchLabels } };
  }
}

export function supplementalGroups(all: readonly StorageOptions[]): number[] {
  const groups = all.flatMap(({ source }) => source?._selection?.supplementalGroups ?? []);
  return [...new Set(groups)].sort((a, b) => a - b);
}

export function checkSource(scope: Construct, prop: string, storage: StorageOptions): void {
  const { source, storageClass } = storage;
  if (!source) return;
  if (storageClass !== undefined && (source._kind === 'existingClaim' || source._kind === 'ephemeral')) {
    refuse(scope, `${prop}.storageClass`, `is "${storageClass}", and this volume is not made by a class`, 'leave it out');
  }
  if (source._kind === 'existingClaim' && !isObjectName(source._claimName!)) {
    refuse(scope, `${prop}.source`, `names the claim "${source._claimName}"`, 'give the name of a PersistentVolumeClaim of this namespace');
  }
  if (!source._selection) return;
  if (Object.keys(source._selection.matchLabels).length === 0) {
    refuse(scope, `${prop}.source.matchLabels`, 'is empty, which would take any volume, also one that is meant for something else', 'give at least one label');
  }
  for (const group of source._selection.supplementalGroups ?? []) {
    if (!Number.isInteger(group) || group < 1) refuse(scope, `${prop}.source.supplementalGroups`, `has ${group}`, 'give whole numbers above 0: group 0 is root\'s');
  }
}

import { ApiObject } from 'cdk8s';
import { ContainerResources, k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import type { BackupOptions } from './backups/backups';
import type { CertificateOptions } from './certificates';
import type { IPostgresCluster } from './cluster-reference';
import { MAJOR_LABEL } from './contract';
import { defaultAgentImage, defaultPostgresImage, ImageOptions } from './images';
import { checkKeys, instanceLabels, instanceSelector, instancesSelector, orNothing } from './labels';
import { POD_SCRAPE_ANNOTATIONS } from './metrics/exporter';
import type { MetricsOptions } from './metrics/options';
import { ClusterNames, RESERVED_INSTANCE_NAMES } from './naming';
import { instancePodSpec } from './pod';
import { affinity, PodAntiAffinity } from './scheduling';
import { InstanceVolumes, StorageOptions, TablespaceOptions, VolumeAccessMode } from './storage';
import { isDnsLabel, refuse } from './validation';
import { PostgresVersion } from './version';

/** PostgreSQL's user id in Red Hat's family, and in the images of this project. */
export const DEFAULT_UID = 26;

/** What may differ from one instance of a cluster to the next. */
export interface InstanceOptions {
  /**
   * The instance's name within the cluster: a DNS label, short. A name is for life: another name is another instance with new volumes.
   */
  readonly name: string;

  /**
   * The zone where the instance runs, as in the nodes' label `topology.kubernetes.io/zone`.
   *
   * @default - any
   */
  readonly zone?: string;

  /**
   * CPU and memory. Only what is set is written out.
   *
   * @default - the cluster's `resources`
   */
  readonly resources?: ContainerResources;

  /**
   * The volume for the data directory.
   *
   * @default - the cluster's `storage`
   */
  readonly storage?: StorageOptions;

  /**
   * A volume for the write-ahead log alone.
   *
   * @default - the cluster's `walStorage`
   */
  readonly walStorage?: StorageOptions;

  /**
   * Other volumes for tablespaces of the cluster. Every instance has all of them, because a replica is a copy of the whole.
   *
   * @default - as in the cluster's `tablespaces`
   */
  readonly tablespaces?: TablespaceOptions[];

  /**
   * On which nodes the instance may run.
   *
   * @default - any
   */
  readonly nodeAffinity?: k8s.NodeAffinity;

  /**
   * Taints of nodes that the instance accepts.
   *
   * @default - none
   */
  readonly tolerations?: k8s.Toleration[];

  /**
   * Labels of the instance's objects and pod, besides the cluster's.
   *
   * @default - none
   */
  readonly labels?: { [key: string]: string };

  /**
   * Annotations of the instance's objects and pod, besides the cluster's.
   *
   * @default - none
   */
  readonly annotations?: { [key: string]: string };

  /**
   * Where the data directory lies within its volume: a relative path. For existing claims whose data lies elsewhere than where the library
   * would put it. Fixed for the life of the volume.
   *
   * @example 'pgsql/17'
   * @default 'data'
   */
  readonly dataPath?: string;

  /**
   * First of two commits that remove an instance: it is drained, a primary is switched away from it, and it is reported as safe to remove.
   * The second commit removes the entry.
   *
   * @default false
   */
  readonly retire?: boolean;
}

/** Properties of `PostgresInstance`. */
export interface PostgresInstanceProps {
  /** The cluster that the instance belongs to. */
  readonly cluster: IPostgresCluster;

  /** The instance's name within the cluster: a DNS label. */
  readonly instanceName: string;

  /** The version of PostgreSQL. */
  readonly version: PostgresVersion;

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
   * How the volumes may be mounted.
   *
   * @default [VolumeAccessMode.READ_WRITE_ONCE]
   */
  readonly accessModes?: VolumeAccessMode[];

  /**
   * Container images.
   *
   * @default - this project's
   */
  readonly images?: ImageOptions;

  /**
   * User and group id that PostgreSQL runs as and that owns the files on its volumes. Fixed for the life of the cluster.
   *
   * @default 26
   */
  readonly uid?: number;

  /**
   * CPU and memory. Only what is set is written out.
   *
   * @default - none
   */
  readonly resources?: ContainerResources;

  /**
   * The zone where the instance runs, as in the nodes' label `topology.kubernetes.io/zone`.
   *
   * @default - any
   */
  readonly zone?: string;

  /**
   * On which nodes the instance may run.
   *
   * @default - any
   */
  readonly nodeAffinity?: k8s.NodeAffinity;

  /**
   * Taints of nodes that the instance accepts.
   *
   * @default - none
   */
  readonly tolerations?: k8s.Toleration[];

  /**
   * Whether instances keep away from each other's nodes.
   *
   * @default PodAntiAffinity.PREFERRED
   */
  readonly podAntiAffinity?: PodAntiAffinity;

  /**
   * Labels of the instance's objects and pod.
   *
   * @default - only the library's own
   */
  readonly labels?: { [key: string]: string };

  /**
   * Annotations of the instance's objects and pod.
   *
   * @default - only the library's own
   */
  readonly annotations?: { [key: string]: string };

  /**
   * What the pod tells Prometheus.
   *
   * @default - nothing: there is no exporter
   */
  readonly metrics?: MetricsOptions;

  /**
   * The cluster's certificates: the exporter must know whether PostgreSQL may show one that is given.
   *
   * @default - PostgreSQL shows the cluster's own
   */
  readonly certificates?: CertificateOptions;

  /**
   * Where the data directory lies within its volume: a relative path. Fixed for the life of the volume.
   *
   * @default 'data'
   */
  readonly dataPath?: string;

  /**
   * Whether the instance is on its way out: drained, and reported as safe to remove.
   *
   * @default false
   */
  readonly retire?: boolean;

  /**
   * What the cluster backs up: with any, pgBackRest's server runs beside PostgreSQL.
   *
   * @default - no backups
   */
  readonly backups?: BackupOptions;
}

/**
 * One PostgreSQL server: a StatefulSet of one pod, and its volumes. Primary and replicas are the same construct, because roles move.
 */
export class PostgresInstance extends Construct {
  /** The instance's name within the cluster. */
  public readonly instanceName: string;
  /** The StatefulSet, for patches: `instance.statefulSet.addJsonPatch(...)`. */
  public readonly statefulSet: ApiObject;
  /** The volumes. */
  public readonly volumes: InstanceVolumes;
  /** Name of the pod. */
  public readonly podName: string;
  /** Whether the instance is on its way out. */
  public readonly retire: boolean;
  /** @internal */
  public readonly _dataPath?: string;

  constructor(scope: Construct, id: string, props: PostgresInstanceProps) {
    super(scope, id);
    checkName(this, props.instanceName);
    checkKeys(this, 'labels', props.labels);
    checkKeys(this, 'annotations', props.annotations);
    if (props.zone === '') refuse(this, 'zone', 'is ""', 'name the zone as its nodes\' label does, or leave it out for any');
    const uid = checkUid(this, props.uid ?? DEFAULT_UID);
    const { clusterName } = props.cluster;
    const names = new ClusterNames(clusterName);
    const labels = instanceLabels(clusterName, props.instanceName, props.labels);
    const selector = instanceSelector(clusterName, props.instanceName);

    this.instanceName = props.instanceName;
    this.podName = names.pod(props.instanceName);
    this.retire = props.retire ?? false;
    this._dataPath = checkDataPath(this, props.dataPath);
    this.volumes = new InstanceVolumes(this, 'volumes', {
      cluster: props.cluster,
      instanceName: props.instanceName,
      storage: props.storage,
      walStorage: props.walStorage,
      tablespaces: props.tablespaces,
      accessModes: props.accessModes,
      labels: props.labels,
      annotations: props.annotations,
    });
    this.statefulSet = new ApiObject(this, 'statefulset', k8s.KubeStatefulSet.manifest({
      metadata: { name: names.statefulSet(props.instanceName), labels: { ...labels, [MAJOR_LABEL]: props.version.major }, annotations: orNothing(props.annotations) },
      spec: {
        replicas: 1,
        serviceName: names.instancesService,
        podManagementPolicy: 'OrderedReady',
        selector: { matchLabels: selector },
        // No pod restarts by itself: the leader's agent rolls them one by one, the primary last.
        updateStrategy: { type: 'OnDelete' },
        revisionHistoryLimit: 10,
        persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
        template: {
          metadata: { labels, annotations: orNothing({ ...props.metrics?.scrapeAnnotations && POD_SCRAPE_ANNOTATIONS, ...props.annotations }) },
          spec: instancePodSpec({
            instance: props.instanceName,
            specConfigMap: names.spec,
            serviceAccount: names.identity,
            postgresImage: props.images?.postgres ?? defaultPostgresImage(props.version.version),
            agentImage: props.images?.agent ?? defaultAgentImage(),
            uid,
            data: this.volumes._data,
            wal: this.volumes._wal,
            tablespaces: this.volumes._tablespaces,
            supplementalGroups: this.volumes._supplementalGroups,
            resources: props.resources,
            affinity: affinity({
              siblings: instancesSelector(clusterName),
              podAntiAffinity: props.podAntiAffinity ?? PodAntiAffinity.PREFERRED,
              zone: props.zone,
              nodeAffinity: props.nodeAffinity,
            }),
            tolerations: props.tolerations,
            backups: props.backups,
            metrics: props.metrics,
            givenCertificate: props.certificates?.serverTlsSecret !== undefined,
          }),
        },
      },
    }));
  }
}

function checkName(scope: Construct, name: string): void {
  if (!isDnsLabel(name)) {
    refuse(scope, 'name', `of the instance is "${name}"`, 'use lower-case letters, digits and dashes, at most 63, like "1" or "zone-a"');
  }
  if (RESERVED_INSTANCE_NAMES.includes(name)) {
    refuse(scope, 'name', `of the instance is "${name}", which ends the name of another object of the cluster`, 'choose another name');
  }
}

/** Names that the agent uses beside the data directory. */
const TAKEN = ['conf', 'agent', 'handover', 'spool', 'postgres.lock', 'pg_wal.diverged', 'lost+found'];

function checkDataPath(scope: Construct, path?: string): string | undefined {
  if (path === undefined) return undefined;
  const parts = path.split('/');
  if (!parts.every((part) => /^[A-Za-z0-9_][-A-Za-z0-9_.]*$/.test(part))) {
    refuse(scope, 'dataPath', `is "${path}"`, 'give a path within the volume, like "data" or "pgsql/17": not from the root, not upwards, of letters, digits, dashes, dots and underscores');
  }
  if (TAKEN.includes(parts[0])) refuse(scope, 'dataPath', `is "${path}", and the agent keeps its own files in "${parts[0]}"`, 'choose another path');
  return path;
}

function checkUid(scope: Construct, uid: number): number {
  if (!Number.isInteger(uid) || uid < 1) {
    refuse(scope, 'uid', `is ${uid}`, 'give a whole number above 0: PostgreSQL refuses to run as root');
  }
  return uid;
}

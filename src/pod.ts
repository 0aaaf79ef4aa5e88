import { ContainerResources, k8s } from 'cdk8s-plus-28';
import { agentPodSpec, agentVolumes } from './agent-pod';
import { pgBackRestContainer, pgBackRestVolume, PGBACKREST_MOUNT } from './backups/server-container';
import {
  API_PORT, API_PORT_NAME, CERTIFICATES_DIR, DATA_MOUNT, HEALTH_PORT, HEALTH_PORT_NAME, POSTGRES_PORT, POSTGRES_PORT_NAME, SOCKET_DIR, WAL_MOUNT,
  tablespaceMount,
} from './contract';
import { exporterContainer, MONITORING_MOUNT, MONITORING_VOLUME } from './metrics/exporter';
import type { MetricsOptions } from './metrics/options';
import { NAME_LIMITS, objectName } from './naming';
import type { Backing } from './volume-source';

/** What the pod of an instance is made from. */
export interface InstancePod {
  readonly instance: string;
  readonly specConfigMap: string;
  readonly serviceAccount: string;
  readonly postgresImage: string;
  readonly agentImage: string;
  readonly uid: number;
  readonly data: Backing;
  readonly wal?: Backing;
  readonly tablespaces: { readonly [tablespace: string]: Backing };
  readonly supplementalGroups: number[];
  readonly resources?: ContainerResources;
  readonly affinity?: k8s.Affinity;
  readonly tolerations?: k8s.Toleration[];
  /** With pgBackRest's server beside PostgreSQL. */
  readonly backups?: { readonly resources?: ContainerResources };
  readonly metrics?: MetricsOptions;
  /** PostgreSQL may show a certificate that carries none of the cluster's names. */
  readonly givenCertificate: boolean;
}

/** A switchover and a checkpoint fit in; a primary that needs longer is killed, and loses nothing that was committed. */
const TERMINATION_GRACE_SECONDS = 120;

/** Agent and PostgreSQL run in one container. */
export function instancePodSpec(pod: InstancePod): k8s.PodSpec {
  const agent = agentVolumes(pod.specConfigMap);
  const shared = [...mounts(pod), ...pod.backups ? [PGBACKREST_MOUNT] : [], ...agent.mounts];
  return agentPodSpec({
    ...pod,
    role: 'instance',
    terminationGraceSeconds: TERMINATION_GRACE_SECONDS,
    name: 'postgres',
    image: pod.postgresImage,
    ports: { [POSTGRES_PORT_NAME]: POSTGRES_PORT, [HEALTH_PORT_NAME]: HEALTH_PORT, [API_PORT_NAME]: API_PORT },
    mounts: [...shared, ...pod.metrics ? [MONITORING_MOUNT] : []],
    volumes: [...volumes(pod), ...pod.backups ? [pgBackRestVolume()] : [], ...agent.volumes],
    beside: [
      ...pod.backups ? [pgBackRestContainer({ image: pod.postgresImage, resources: pod.backups.resources, mounts: shared })] : [],
      ...pod.metrics ? [exporterContainer(pod.postgresImage, pod.metrics, pod.givenCertificate)] : [],
    ],
  });
}

function volumes(pod: InstancePod): k8s.Volume[] {
  return [
    volume('data', pod.data),
    ...(pod.wal ? [volume('wal', pod.wal)] : []),
    ...Object.entries(pod.tablespaces).map(([tablespace, backing]) => volume(tablespaceVolume(tablespace), backing)),
    { name: 'run', emptyDir: {} },
    { name: 'certificates', emptyDir: { medium: 'Memory' } },
    { name: 'shm', emptyDir: { medium: 'Memory' } },
    ...(pod.metrics ? [MONITORING_VOLUME] : []),
  ];
}

function volume(name: string, { claimName, sizeLimit }: Backing): k8s.Volume {
  return claimName === undefined ? { name, emptyDir: { sizeLimit } } : { name, persistentVolumeClaim: { claimName } };
}

function mounts(pod: InstancePod): k8s.VolumeMount[] {
  return [
    { name: 'data', mountPath: DATA_MOUNT },
    ...(pod.wal ? [{ name: 'wal', mountPath: WAL_MOUNT }] : []),
    ...Object.keys(pod.tablespaces).map((tablespace) => ({ name: tablespaceVolume(tablespace), mountPath: tablespaceMount(tablespace) })),
    { name: 'run', mountPath: SOCKET_DIR },
    { name: 'certificates', mountPath: CERTIFICATES_DIR },
    // PostgreSQL's shared memory between parallel workers; container runtimes give 64 MiB by themselves.
    { name: 'shm', mountPath: '/dev/shm' },
  ];
}

function tablespaceVolume(tablespace: string): string {
  return objectName(NAME_LIMITS.label, 'tablespace', [tablespace]);
}

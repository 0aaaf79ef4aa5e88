import { ContainerResources, k8s } from 'cdk8s-plus-28';
import { agentEnvironment, agentInstaller, agentProbes, agentVolumes, GUARDED_AGENT_COMMAND, podSecurityContext, resources, RESTRICTED } from './agent-pod';
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
}

/** A switchover and a checkpoint fit in; a primary that needs longer is killed, and loses nothing that was committed. */
const TERMINATION_GRACE_SECONDS = 120;

/** Agent and PostgreSQL run in one container, the first. */
export function instancePodSpec(pod: InstancePod): k8s.PodSpec {
  const agent = agentVolumes(pod.specConfigMap);
  const allMounts = [...mounts(pod), ...pod.backups ? [PGBACKREST_MOUNT] : [], ...agent.mounts];
  return {
    serviceAccountName: pod.serviceAccount,
    // The agent holds the Lease and reads the spec through the API.
    automountServiceAccountToken: true,
    // Variables of Services named like PGHOST's parts must not reach PostgreSQL's tools.
    enableServiceLinks: false,
    terminationGracePeriodSeconds: TERMINATION_GRACE_SECONDS,
    securityContext: { ...podSecurityContext(pod.uid), ...pod.supplementalGroups.length > 0 ? { supplementalGroups: pod.supplementalGroups } : {} },
    affinity: pod.affinity,
    tolerations: pod.tolerations,
    initContainers: [agentInstaller(pod.agentImage, pod.resources)],
    containers: [
      postgresContainer(pod, [...allMounts, ...pod.metrics ? [MONITORING_MOUNT] : []]),
      ...pod.backups ? [pgBackRestContainer({ image: pod.postgresImage, resources: pod.backups.resources, mounts: allMounts })] : [],
      ...pod.metrics ? [exporterContainer(pod.postgresImage, pod.metrics)] : [],
    ],
    volumes: [...volumes(pod), ...pod.backups ? [pgBackRestVolume()] : [], ...agent.volumes],
  };
}

function postgresContainer(pod: InstancePod, volumeMounts: k8s.VolumeMount[]): k8s.Container {
  return {
    name: 'postgres',
    image: pod.postgresImage,
    imagePullPolicy: 'IfNotPresent',
    command: GUARDED_AGENT_COMMAND,
    env: agentEnvironment(pod.specConfigMap, { role: 'instance', instance: pod.instance }),
    ports: [
      { name: POSTGRES_PORT_NAME, containerPort: POSTGRES_PORT, protocol: 'TCP' },
      { name: HEALTH_PORT_NAME, containerPort: HEALTH_PORT, protocol: 'TCP' },
      { name: API_PORT_NAME, containerPort: API_PORT, protocol: 'TCP' },
    ],
    ...agentProbes(),
    resources: resources(pod.resources),
    securityContext: RESTRICTED,
    volumeMounts,
  };
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

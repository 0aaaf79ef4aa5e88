import { Size } from 'cdk8s';
import { ContainerResources, Cpu, k8s } from 'cdk8s-plus-28';
import {
  AGENT_DIR, AGENT_ENV, AGENT_IMAGE_DIR, API_PORT, API_PORT_NAME, CERTIFICATES_DIR, DATA_MOUNT, HEALTH_PORT, HEALTH_PORT_NAME, HEALTH_ROUTES,
  PASSWD_FILE, POSTGRES_PORT, POSTGRES_PORT_NAME, SOCKET_DIR, TMP_DIR, WAL_MOUNT, tablespaceMount,
} from './contract';
import { NAME_LIMITS, objectName } from './naming';
import { cpuQuantity, sizeQuantity } from './quantity';

/** What the pod of an instance is made from. */
export interface InstancePod {
  readonly instance: string;
  readonly specConfigMap: string;
  readonly serviceAccount: string;
  readonly postgresImage: string;
  readonly agentImage: string;
  readonly uid: number;
  readonly dataClaim: string;
  readonly walClaim?: string;
  readonly tablespaceClaims: { readonly [tablespace: string]: string };
  readonly resources?: ContainerResources;
  readonly affinity?: k8s.Affinity;
  readonly tolerations?: k8s.Toleration[];
}

/** Key of the passwd file in the spec ConfigMap. */
export const PASSWD_KEY = 'passwd';

/** A switchover and a checkpoint fit in; a primary that needs longer is killed, and loses nothing that was committed. */
const TERMINATION_GRACE_SECONDS = 120;

/** Agent and PostgreSQL run in one container: the agent is copied into a volume first, so that any image with PostgreSQL will do. */
export function instancePodSpec(pod: InstancePod): k8s.PodSpec {
  return {
    serviceAccountName: pod.serviceAccount,
    // The agent holds the Lease and reads the spec through the API.
    automountServiceAccountToken: true,
    // Variables of Services named like PGHOST's parts must not reach PostgreSQL's tools.
    enableServiceLinks: false,
    terminationGracePeriodSeconds: TERMINATION_GRACE_SECONDS,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: pod.uid,
      runAsGroup: pod.uid,
      fsGroup: pod.uid,
      // Changing the group of every file of a large database would take minutes at each start.
      fsGroupChangePolicy: 'OnRootMismatch',
      seccompProfile: { type: 'RuntimeDefault' },
    },
    affinity: pod.affinity,
    tolerations: pod.tolerations,
    initContainers: [agentInstaller(pod)],
    containers: [postgresContainer(pod)],
    volumes: volumes(pod),
  };
}

function agentInstaller(pod: InstancePod): k8s.Container {
  return {
    name: 'agent',
    image: pod.agentImage,
    imagePullPolicy: 'IfNotPresent',
    command: [`${AGENT_IMAGE_DIR}/pgguard`, 'install', '--from', AGENT_IMAGE_DIR, '--to', AGENT_DIR],
    securityContext: RESTRICTED,
    // The same as PostgreSQL's: costs nothing, since the two never run together, and namespaces with quotas ask for it.
    resources: resources(pod.resources),
    volumeMounts: [{ name: 'agent', mountPath: AGENT_DIR }],
  };
}

function postgresContainer(pod: InstancePod): k8s.Container {
  return {
    name: 'postgres',
    image: pod.postgresImage,
    imagePullPolicy: 'IfNotPresent',
    // PID 1 is the init and deadman; node runs with the loader and libraries of its own image, which this one need not have.
    command: [
      `${AGENT_DIR}/pgguard`, 'init', '--',
      `${AGENT_DIR}/ld.so`, '--library-path', `${AGENT_DIR}/lib`, `${AGENT_DIR}/bin/node`, `${AGENT_DIR}/agent.cjs`,
    ],
    env: environment(pod),
    ports: [
      { name: POSTGRES_PORT_NAME, containerPort: POSTGRES_PORT, protocol: 'TCP' },
      { name: HEALTH_PORT_NAME, containerPort: HEALTH_PORT, protocol: 'TCP' },
      { name: API_PORT_NAME, containerPort: API_PORT, protocol: 'TCP' },
    ],
    // Answered by the agent, whatever PostgreSQL is busy with: load must never get a healthy database killed.
    livenessProbe: { httpGet: health(HEALTH_ROUTES.live), periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 },
    readinessProbe: { httpGet: health(HEALTH_ROUTES.ready), periodSeconds: 2, timeoutSeconds: 2, failureThreshold: 3 },
    resources: resources(pod.resources),
    securityContext: RESTRICTED,
    volumeMounts: mounts(pod),
  };
}

/** Pod Security Standards, level `restricted`, and a root file system that nobody writes. */
const RESTRICTED: k8s.SecurityContext = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
};

function health(path: string): k8s.HttpGetAction {
  return { path, port: k8s.IntOrString.fromNumber(HEALTH_PORT), scheme: 'HTTP' };
}

function environment(pod: InstancePod): k8s.EnvVar[] {
  const field = (name: string, fieldPath: string): k8s.EnvVar => ({ name, valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } } });
  return [
    { name: AGENT_ENV.instance, value: pod.instance },
    { name: AGENT_ENV.specConfigMap, value: pod.specConfigMap },
    field(AGENT_ENV.podName, 'metadata.name'),
    field(AGENT_ENV.podNamespace, 'metadata.namespace'),
    field(AGENT_ENV.podUid, 'metadata.uid'),
    field(AGENT_ENV.podIp, 'status.podIP'),
    field(AGENT_ENV.nodeName, 'spec.nodeName'),
  ];
}

function volumes(pod: InstancePod): k8s.Volume[] {
  const claim = (name: string, claimName: string): k8s.Volume => ({ name, persistentVolumeClaim: { claimName } });
  return [
    claim('data', pod.dataClaim),
    ...(pod.walClaim ? [claim('wal', pod.walClaim)] : []),
    ...Object.entries(pod.tablespaceClaims).map(([tablespace, claimName]) => claim(tablespaceVolume(tablespace), claimName)),
    { name: 'agent', emptyDir: {} },
    { name: 'run', emptyDir: {} },
    { name: 'certificates', emptyDir: { medium: 'Memory' } },
    { name: 'tmp', emptyDir: {} },
    { name: 'shm', emptyDir: { medium: 'Memory' } },
    { name: 'passwd', configMap: { name: pod.specConfigMap, defaultMode: 0o444, items: [{ key: PASSWD_KEY, path: PASSWD_KEY }] } },
  ];
}

function mounts(pod: InstancePod): k8s.VolumeMount[] {
  return [
    { name: 'data', mountPath: DATA_MOUNT },
    ...(pod.walClaim ? [{ name: 'wal', mountPath: WAL_MOUNT }] : []),
    ...Object.keys(pod.tablespaceClaims).map((tablespace) => ({ name: tablespaceVolume(tablespace), mountPath: tablespaceMount(tablespace) })),
    { name: 'agent', mountPath: AGENT_DIR, readOnly: true },
    { name: 'run', mountPath: SOCKET_DIR },
    { name: 'certificates', mountPath: CERTIFICATES_DIR },
    { name: 'tmp', mountPath: TMP_DIR },
    // PostgreSQL's shared memory between parallel workers; container runtimes give 64 MiB by themselves.
    { name: 'shm', mountPath: '/dev/shm' },
    { name: 'passwd', mountPath: PASSWD_FILE, subPath: PASSWD_KEY, readOnly: true },
  ];
}

function tablespaceVolume(tablespace: string): string {
  return objectName(NAME_LIMITS.label, 'tablespace', [tablespace]);
}

/** Nothing where nothing is set: what a database needs, nobody can guess. */
function resources(own: ContainerResources | undefined): k8s.ResourceRequirements | undefined {
  const requests = quantities(own?.cpu?.request, own?.memory?.request, own?.ephemeralStorage?.request);
  const limits = quantities(own?.cpu?.limit, own?.memory?.limit, own?.ephemeralStorage?.limit);
  return requests || limits ? { requests, limits } : undefined;
}

function quantities(cpu?: Cpu, memory?: Size, ephemeralStorage?: Size): { [resource: string]: k8s.Quantity } | undefined {
  const set = {
    ...(cpu && { cpu: cpuQuantity(cpu) }),
    ...(memory && { memory: sizeQuantity(memory) }),
    ...(ephemeralStorage && { 'ephemeral-storage': sizeQuantity(ephemeralStorage) }),
  };
  return Object.keys(set).length > 0 ? set : undefined;
}

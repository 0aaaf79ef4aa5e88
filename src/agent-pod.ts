/** What the pods of all three roles of the agent have in common: who they are, how the agent gets into them, and what it is told. */
import { Size } from 'cdk8s';
import { ContainerResources, Cpu, k8s } from 'cdk8s-plus-28';
import { AGENT_DIR, AGENT_ENV, AGENT_IMAGE_DIR, agentProgram, AgentRole, HEALTH_PORT, HEALTH_ROUTES, PASSWD_FILE, TMP_DIR } from './contract';
import { cpuQuantity, sizeQuantity } from './quantity';

/** Key of the passwd file in the spec ConfigMap. */
export const PASSWD_KEY = 'passwd';

/** Pod Security Standards, level `restricted`, and a root file system that nobody writes. */
export const RESTRICTED: k8s.SecurityContext = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
};

export function podSecurityContext(uid: number): k8s.PodSecurityContext {
  return {
    runAsNonRoot: true,
    runAsUser: uid,
    runAsGroup: uid,
    fsGroup: uid,
    // Changing the group of every file of a large database would take minutes at each start.
    fsGroupChangePolicy: 'OnRootMismatch',
    seccompProfile: { type: 'RuntimeDefault' },
  };
}

/** A pod with an agent in it. */
export interface AgentPod {
  readonly role: AgentRole;
  /** The instance's name, where it is one. */
  readonly instance?: string;
  readonly specConfigMap: string;
  readonly serviceAccount: string;
  readonly agentImage: string;
  readonly uid: number;
  readonly terminationGraceSeconds: number;
  readonly supplementalGroups?: number[];
  readonly affinity?: k8s.Affinity;
  readonly tolerations?: k8s.Toleration[];
  /** The container of the agent and of the program that it runs. */
  readonly name: string;
  readonly image: string;
  readonly resources?: ContainerResources;
  readonly ports: { readonly [name: string]: number };
  /** With those of `agentVolumes`. */
  readonly mounts: k8s.VolumeMount[];
  readonly volumes: k8s.Volume[];
  /** Containers beside the agent's. */
  readonly beside?: k8s.Container[];
}

export function agentPodSpec(pod: AgentPod): k8s.PodSpec {
  const beside = pod.beside ?? [];
  return {
    serviceAccountName: pod.serviceAccount,
    // The agent asks the API server: for its settings at least. What runs beside it may not: the kubelet would give the token to all.
    automountServiceAccountToken: beside.length === 0,
    // Variables of Services named like PGHOST's parts must not reach PostgreSQL's tools.
    enableServiceLinks: false,
    terminationGracePeriodSeconds: pod.terminationGraceSeconds,
    securityContext: { ...podSecurityContext(pod.uid), ...pod.supplementalGroups?.length ? { supplementalGroups: pod.supplementalGroups } : {} },
    affinity: pod.affinity,
    tolerations: pod.tolerations,
    initContainers: [agentInstaller(pod.agentImage, pod.resources)],
    containers: [agentContainer(beside.length === 0 ? pod : { ...pod, mounts: [...pod.mounts, TOKEN_MOUNT] }), ...beside],
    volumes: [...pod.volumes, ...beside.length === 0 ? [] : [tokenVolume()]],
  };
}

/** The first, by which tools choose one. PID 1 is the init and deadman. */
function agentContainer(pod: AgentPod): k8s.Container {
  return {
    name: pod.name,
    image: pod.image,
    imagePullPolicy: 'IfNotPresent',
    command: [`${AGENT_DIR}/pgguard`, 'init', '--', ...agentProgram(AGENT_DIR)],
    env: agentEnvironment(pod),
    ports: Object.entries(pod.ports).map(([name, containerPort]) => ({ name, containerPort, protocol: 'TCP' })),
    ...agentProbes(),
    resources: resources(pod.resources),
    securityContext: RESTRICTED,
    volumeMounts: pod.mounts,
  };
}

/** The agent is copied into a volume first, so that any image with the role's programs will do. */
function agentInstaller(agentImage: string, own?: ContainerResources): k8s.Container {
  return {
    name: 'agent',
    image: agentImage,
    imagePullPolicy: 'IfNotPresent',
    command: [`${AGENT_IMAGE_DIR}/pgguard`, 'install', '--from', AGENT_IMAGE_DIR, '--to', AGENT_DIR],
    securityContext: RESTRICTED,
    // The same as the main container's: costs nothing, since the two never run together, and namespaces with quotas ask for it.
    resources: resources(own),
    volumeMounts: [{ name: 'agent', mountPath: AGENT_DIR }],
  };
}

function agentEnvironment({ specConfigMap, role, instance }: AgentPod): k8s.EnvVar[] {
  const field = (name: string, fieldPath: string): k8s.EnvVar => ({ name, valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } } });
  return [
    ...(role === 'instance' ? [] : [{ name: AGENT_ENV.role, value: role }]),
    ...(instance === undefined ? [] : [{ name: AGENT_ENV.instance, value: instance }]),
    { name: AGENT_ENV.specConfigMap, value: specConfigMap },
    field(AGENT_ENV.podName, 'metadata.name'),
    field(AGENT_ENV.podNamespace, 'metadata.namespace'),
    field(AGENT_ENV.podUid, 'metadata.uid'),
    field(AGENT_ENV.podIp, 'status.podIP'),
    field(AGENT_ENV.nodeName, 'spec.nodeName'),
  ];
}

/** Answered by the agent, whatever the program that it runs is busy with: load must never get a healthy one killed. */
function agentProbes(): { livenessProbe: k8s.Probe; readinessProbe: k8s.Probe } {
  const health = (path: string): k8s.HttpGetAction => ({ path, port: k8s.IntOrString.fromNumber(HEALTH_PORT), scheme: 'HTTP' });
  return {
    livenessProbe: { httpGet: health(HEALTH_ROUTES.live), periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 },
    readinessProbe: { httpGet: health(HEALTH_ROUTES.ready), periodSeconds: 2, timeoutSeconds: 2, failureThreshold: 3 },
  };
}

const TOKEN_MOUNT: k8s.VolumeMount = { name: 'token', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true };

/** What Kubernetes itself mounts where a pod asks for its account's token: renewed by the kubelet, and gone with the pod. */
function tokenVolume(): k8s.Volume {
  return {
    name: TOKEN_MOUNT.name,
    projected: {
      defaultMode: 0o644,
      sources: [
        // By this number of seconds the API server knows such a mount.
        { serviceAccountToken: { path: 'token', expirationSeconds: 3607 } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        { downwardApi: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] } },
      ],
    },
  };
}

/** The volumes that any agent needs, and where they are mounted. */
export function agentVolumes(specConfigMap: string): { volumes: k8s.Volume[]; mounts: k8s.VolumeMount[] } {
  return {
    volumes: [
      { name: 'agent', emptyDir: {} },
      { name: 'tmp', emptyDir: {} },
      { name: 'passwd', configMap: { name: specConfigMap, defaultMode: 0o444, items: [{ key: PASSWD_KEY, path: PASSWD_KEY }] } },
    ],
    mounts: [
      { name: 'agent', mountPath: AGENT_DIR, readOnly: true },
      { name: 'tmp', mountPath: TMP_DIR },
      { name: 'passwd', mountPath: PASSWD_FILE, subPath: PASSWD_KEY, readOnly: true },
    ],
  };
}

/** Nothing where nothing is set: what a program needs, nobody can guess. */
export function resources(own: ContainerResources | undefined): k8s.ResourceRequirements | undefined {
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

import { ContainerResources, k8s } from 'cdk8s-plus-28';
import { agentEnvironment, agentInstaller, agentProbes, agentVolumes, GUARDED_AGENT_COMMAND, podSecurityContext, resources, RESTRICTED } from './agent-pod';
import { HEALTH_PORT, HEALTH_PORT_NAME, POOLER_DIR, POSTGRES_PORT, POSTGRES_PORT_NAME } from './contract';

/** What a pod of the pooler is made from. */
export interface PoolerPod {
  readonly specConfigMap: string;
  readonly serviceAccount: string;
  readonly image: string;
  readonly agentImage: string;
  readonly uid: number;
  readonly resources?: ContainerResources;
  readonly affinity?: k8s.Affinity;
}

/** Transactions that are under way are waited for; the agent gives up before the kubelet does (POOLER_DRAINS_WITHIN). */
const TERMINATION_GRACE_SECONDS = 60;

/** Agent and pgBouncer run in one container. Secrets are read by the agent and never mounted, so that no pod hangs for one that is not there yet. */
export function poolerPodSpec(pod: PoolerPod): k8s.PodSpec {
  const agent = agentVolumes(pod.specConfigMap);
  return {
    serviceAccountName: pod.serviceAccount,
    automountServiceAccountToken: true,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: TERMINATION_GRACE_SECONDS,
    securityContext: podSecurityContext(pod.uid),
    affinity: pod.affinity,
    initContainers: [agentInstaller(pod.agentImage, pod.resources)],
    containers: [{
      name: 'pgbouncer',
      image: pod.image,
      imagePullPolicy: 'IfNotPresent',
      command: GUARDED_AGENT_COMMAND,
      env: agentEnvironment(pod.specConfigMap, { role: 'pooler' }),
      ports: [
        { name: POSTGRES_PORT_NAME, containerPort: POSTGRES_PORT, protocol: 'TCP' },
        { name: HEALTH_PORT_NAME, containerPort: HEALTH_PORT, protocol: 'TCP' },
      ],
      ...agentProbes(),
      resources: resources(pod.resources),
      securityContext: RESTRICTED,
      volumeMounts: [{ name: 'run', mountPath: POOLER_DIR }, ...agent.mounts],
    }],
    volumes: [{ name: 'run', emptyDir: { medium: 'Memory' } }, ...agent.volumes],
  };
}

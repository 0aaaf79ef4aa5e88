import { ContainerResources, k8s } from 'cdk8s-plus-28';
import { agentPodSpec, agentVolumes } from './agent-pod';
import { HEALTH_PORT, HEALTH_PORT_NAME, POOLER_DIR, POSTGRES_PORT, POSTGRES_PORT_NAME } from './contract';

/** What a pod of the pooler is made from. */
interface PoolerPod {
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
  return agentPodSpec({
    ...pod,
    role: 'pooler',
    terminationGraceSeconds: TERMINATION_GRACE_SECONDS,
    name: 'pgbouncer',
    ports: { [POSTGRES_PORT_NAME]: POSTGRES_PORT, [HEALTH_PORT_NAME]: HEALTH_PORT },
    mounts: [{ name: 'run', mountPath: POOLER_DIR }, ...agent.mounts],
    volumes: [{ name: 'run', emptyDir: { medium: 'Memory' } }, ...agent.volumes],
  });
}

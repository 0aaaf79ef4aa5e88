/** The container of `pgbackrest server`, in instances and on the repo host: what other pgBackRest processes reach a pod's files through. */
import { ContainerResources, k8s } from 'cdk8s-plus-28';
import { resources, RESTRICTED } from '../agent-pod';
import { AGENT_DIR, PGBACKREST_CONFIG, PGBACKREST_DIR, PGBACKREST_PORT, PGBACKREST_PORT_NAME } from '../contract';

export const PGBACKREST_MOUNT: k8s.VolumeMount = { name: 'pgbackrest', mountPath: PGBACKREST_DIR };

/** In memory: keys and passphrases lie there. */
export function pgBackRestVolume(): k8s.Volume {
  return { name: 'pgbackrest', emptyDir: { medium: 'Memory' } };
}

interface PgBackRestServer {
  readonly image: string;
  readonly resources?: ContainerResources;
  /** The same as the agent's container has, so that both see the same paths. */
  readonly mounts: k8s.VolumeMount[];
}

/** The agent in the other container writes its configuration; it starts when that is there, and reads it again when it changes. */
export function pgBackRestContainer(server: PgBackRestServer): k8s.Container {
  return {
    name: 'pgbackrest',
    image: server.image,
    imagePullPolicy: 'IfNotPresent',
    command: [`${AGENT_DIR}/pgguard`, 'serve', '--config', PGBACKREST_CONFIG, '--', 'pgbackrest', `--config=${PGBACKREST_CONFIG}`, 'server'],
    ports: [{ name: PGBACKREST_PORT_NAME, containerPort: PGBACKREST_PORT, protocol: 'TCP' }],
    resources: resources(server.resources),
    securityContext: RESTRICTED,
    volumeMounts: server.mounts,
  };
}

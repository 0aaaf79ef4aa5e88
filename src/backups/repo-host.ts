import { ApiObject } from 'cdk8s';
import { ContainerResources, k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import type { PgBackRestRepo } from './repo';
import { pgBackRestContainer, pgBackRestVolume, PGBACKREST_MOUNT } from './server-container';
import { agentEnvironment, agentInstaller, agentProbes, agentVolumes, GUARDED_AGENT_COMMAND, podSecurityContext, resources, RESTRICTED } from '../agent-pod';
import type { IPostgresCluster } from '../cluster-reference';
import { API_PORT, API_PORT_NAME, COMPONENT_REPO, HEALTH_PORT, HEALTH_PORT_NAME, PGBACKREST_PORT, PGBACKREST_PORT_NAME, repoMount } from '../contract';
import { rule } from '../identity';
import { componentLabels, componentSelector, clusterLabels, orNothing, protectedAnnotations } from '../labels';
import { ClusterNames } from '../naming';
import { sizeQuantity } from '../quantity';
import { VolumeAccessMode } from '../storage';

/** Properties of `RepoHost`. */
export interface RepoHostProps {
  /** The cluster whose backups it keeps. */
  readonly cluster: IPostgresCluster;

  /** All repos of the cluster; it holds the volumes of those that have one. */
  readonly repos: PgBackRestRepo[];

  /** The image of PostgreSQL, which has pgBackRest too. */
  readonly postgresImage: string;

  /** The image that the agent is copied from. */
  readonly agentImage: string;

  /** User and group id. */
  readonly uid: number;

  /**
   * CPU and memory.
   *
   * @default - none
   */
  readonly resources?: ContainerResources;

  /**
   * Labels of the objects and the pod.
   *
   * @default - only the library's own
   */
  readonly labels?: { [key: string]: string };

  /**
   * Annotations of the objects and the pod.
   *
   * @default - only the library's own
   */
  readonly annotations?: { [key: string]: string };
}

/**
 * The pod that keeps the repos which lie on volumes, and on which every backup runs: pgBackRest wants it so once there is one.
 */
export class RepoHost extends Construct {
  /** The StatefulSet, for patches. */
  public readonly statefulSet: ApiObject;
  /** Headless: the name by which pgBackRest finds the repo host. */
  public readonly service: ApiObject;
  /** Who the pod is, to Kubernetes and to clouds that go by its annotations. */
  public readonly serviceAccount: ApiObject;

  constructor(scope: Construct, id: string, props: RepoHostProps) {
    super(scope, id);
    const { clusterName } = props.cluster;
    const names = new ClusterNames(clusterName);
    const labels = componentLabels(clusterName, COMPONENT_REPO, props.labels);
    const metadata = { name: names.repoHost, labels, annotations: orNothing(props.annotations) };
    const volumes = props.repos.flatMap((repo, index) => {
      const storage = repo._storage();
      return storage ? [{ repo: index + 1, claim: names.repoClaim(index + 1), storage }] : [];
    });
    for (const { repo, claim, storage } of volumes) {
      new ApiObject(this, `repo${repo}`, k8s.KubePersistentVolumeClaim.manifest({
        metadata: { name: claim, labels, annotations: protectedAnnotations(props.annotations) },
        spec: {
          accessModes: [VolumeAccessMode.READ_WRITE_ONCE],
          storageClassName: storage.storageClass,
          volumeMode: 'Filesystem',
          resources: { requests: { storage: sizeQuantity(storage.size) } },
        },
      }));
    }
    this.serviceAccount = this.identity(names, metadata, props);
    this.service = new ApiObject(this, 'service', k8s.KubeService.manifest({
      metadata: { ...metadata, labels: clusterLabels(clusterName, props.labels) },
      spec: {
        type: 'ClusterIP',
        clusterIp: 'None',
        sessionAffinity: 'None',
        // Instances archive as soon as pgBackRest's server listens, whatever the agent thinks of the backups.
        publishNotReadyAddresses: true,
        selector: componentSelector(clusterName, COMPONENT_REPO),
        ports: [port(HEALTH_PORT_NAME, HEALTH_PORT), port(API_PORT_NAME, API_PORT), port(PGBACKREST_PORT_NAME, PGBACKREST_PORT)],
      },
    }));
    this.statefulSet = new ApiObject(this, 'statefulset', k8s.KubeStatefulSet.manifest({
      metadata,
      spec: {
        replicas: 1,
        serviceName: names.repoHost,
        podManagementPolicy: 'OrderedReady',
        selector: { matchLabels: componentSelector(clusterName, COMPONENT_REPO) },
        // Archiving waits while it restarts, and nothing else does.
        updateStrategy: { type: 'RollingUpdate' },
        revisionHistoryLimit: 10,
        persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
        template: {
          metadata: { labels, annotations: orNothing(props.annotations) },
          spec: podSpec(names, props, volumes),
        },
      },
    }));
  }

  /** It reads its settings and its keys, and tells what it does; nothing else is asked for. */
  private identity(names: ClusterNames, metadata: k8s.ObjectMeta, props: RepoHostProps): ApiObject {
    const secrets = [names.pgBackRestSecret, ...props.repos.flatMap((repo) => repo._secretNames())];
    const account = new ApiObject(this, 'service-account', k8s.KubeServiceAccount.manifest({ metadata, automountServiceAccountToken: false }));
    new ApiObject(this, 'role', k8s.KubeRole.manifest({
      metadata,
      rules: [
        rule('', 'configmaps', ['get', 'list', 'watch'], [names.spec]),
        rule('', 'secrets', ['get'], [...new Set(secrets)]),
        rule('', 'events', ['create', 'patch']),
        rule('events.k8s.io', 'events', ['create', 'patch']),
      ],
    }));
    new ApiObject(this, 'role-binding', k8s.KubeRoleBinding.manifest({
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: names.repoHost },
      subjects: [{ kind: 'ServiceAccount', name: names.repoHost }],
    }));
    return account;
  }
}

interface RepoVolume {
  readonly repo: number;
  readonly claim: string;
}

/** A backup that is cut short is taken up again by the next one. */
const TERMINATION_GRACE_SECONDS = 30;

function podSpec(names: ClusterNames, props: RepoHostProps, volumes: readonly RepoVolume[]): k8s.PodSpec {
  const agent = agentVolumes(names.spec);
  const repoMounts = volumes.map(({ repo }) => ({ name: `repo${repo}`, mountPath: repoMount(repo) }));
  const mounts = [...repoMounts, PGBACKREST_MOUNT, ...agent.mounts];
  return {
    serviceAccountName: names.repoHost,
    automountServiceAccountToken: true,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: TERMINATION_GRACE_SECONDS,
    securityContext: podSecurityContext(props.uid),
    initContainers: [agentInstaller(props.agentImage, props.resources)],
    containers: [
      {
        name: 'repo',
        image: props.postgresImage,
        imagePullPolicy: 'IfNotPresent',
        command: GUARDED_AGENT_COMMAND,
        env: agentEnvironment(names.spec, { role: 'repo' }),
        ports: [
          { name: HEALTH_PORT_NAME, containerPort: HEALTH_PORT, protocol: 'TCP' },
          { name: API_PORT_NAME, containerPort: API_PORT, protocol: 'TCP' },
        ],
        ...agentProbes(),
        resources: resources(props.resources),
        securityContext: RESTRICTED,
        volumeMounts: mounts,
      },
      pgBackRestContainer({ image: props.postgresImage, resources: props.resources, mounts }),
    ],
    volumes: [
      ...volumes.map(({ repo, claim }): k8s.Volume => ({ name: `repo${repo}`, persistentVolumeClaim: { claimName: claim } })),
      pgBackRestVolume(),
      ...agent.volumes,
    ],
  };
}

function port(name: string, number: number): k8s.ServicePort {
  return { name, port: number, targetPort: k8s.IntOrString.fromNumber(number), protocol: 'TCP' };
}

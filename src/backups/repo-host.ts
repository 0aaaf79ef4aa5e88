import { ApiObject } from 'cdk8s';
import { ContainerResources, k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import type { PgBackRestRepo } from './repo';
import { pgBackRestContainer, pgBackRestVolume, PGBACKREST_MOUNT } from './server-container';
import { account, EVENT_RULES, rule } from '../account';
import { agentPodSpec, agentVolumes } from '../agent-pod';
import type { IPostgresCluster } from '../cluster-reference';
import { ConfigSource, configObjects } from '../config-source';
import { API_PORT, API_PORT_NAME, COMPONENT_REPO, HEALTH_PORT, HEALTH_PORT_NAME, PGBACKREST_PORT, PGBACKREST_PORT_NAME, repoMount } from '../contract';
import { componentLabels, componentSelector, clusterLabels, orNothing } from '../labels';
import { ClusterNames } from '../naming';
import { servicePort } from '../service-port';
import { volumeClaim } from '../volume-claim';

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
   * Files of pgbackrest.conf that somebody else keeps: they are read.
   *
   * @default - none
   */
  readonly configuration?: ConfigSource[];

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
      volumeClaim(this, `repo${repo}`, {
        metadata: { name: claim, labels, annotations: props.annotations },
        size: storage.size,
        from: { storageClassName: storage.storageClass },
      });
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
        ports: [servicePort(HEALTH_PORT_NAME, HEALTH_PORT), servicePort(API_PORT_NAME, API_PORT), servicePort(PGBACKREST_PORT_NAME, PGBACKREST_PORT)],
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
  private identity(names: ClusterNames, metadata: k8s.ObjectMeta & { readonly name: string }, props: RepoHostProps): ApiObject {
    const secrets = [names.pgBackRestSecret, ...props.repos.flatMap((repo) => repo._secretNames()), ...configObjects('Secret', props.configuration)];
    const configMaps = configObjects('ConfigMap', props.configuration);
    return account(this, metadata, () => [
      rule('', 'configmaps', ['get', 'list', 'watch'], [names.spec]),
      // Without names it would be a right to all.
      ...configMaps.length === 0 ? [] : [rule('', 'configmaps', ['get'], configMaps)],
      rule('', 'secrets', ['get'], [...new Set(secrets)]),
      ...EVENT_RULES,
    ]);
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
  return agentPodSpec({
    role: 'repo',
    specConfigMap: names.spec,
    serviceAccount: names.repoHost,
    agentImage: props.agentImage,
    uid: props.uid,
    terminationGraceSeconds: TERMINATION_GRACE_SECONDS,
    name: 'repo',
    image: props.postgresImage,
    resources: props.resources,
    ports: { [HEALTH_PORT_NAME]: HEALTH_PORT, [API_PORT_NAME]: API_PORT },
    mounts,
    volumes: [
      ...volumes.map(({ repo, claim }): k8s.Volume => ({ name: `repo${repo}`, persistentVolumeClaim: { claimName: claim } })),
      pgBackRestVolume(),
      ...agent.volumes,
    ],
    beside: [pgBackRestContainer({ image: props.postgresImage, resources: props.resources, mounts })],
  });
}

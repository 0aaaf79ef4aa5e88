import type { ApiObject } from 'cdk8s';
import type { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { account, EVENT_RULES, rule } from './account';
import type { ClusterBackups } from './backups/backups';
import type { Bootstrap } from './bootstrap';
import type { CertificateOptions } from './certificates';
import { poolerOf } from './cluster-base';
import type { IPostgresCluster } from './cluster-reference';
import { ConfigSource, configObjects } from './config-source';
import { clusterLabels, orNothing } from './labels';
import type { MetricsOptions } from './metrics/options';
import { ClusterNames } from './naming';
import { Routing } from './services';

/** Properties of `AgentIdentity`. */
export interface AgentIdentityProps {
  /** The cluster that the agents serve. */
  readonly cluster: IPostgresCluster;

  /** Names of the cluster's instances: the agents may touch the pods and claims of these only. */
  readonly instances: string[];

  /**
   * Names of the instances' data claims, which the agents mark as holding the cluster's data.
   *
   * @default - one for each instance, as the library names them
   */
  readonly dataClaims?: string[];

  /** Names of the cluster's users: the agents may fill the connection Secrets of these only. */
  readonly users: string[];

  /**
   * What the cluster tells Prometheus: with anything, the agents may fill the Secret of the exporter.
   *
   * @default - nothing
   */
  readonly metrics?: MetricsOptions;

  /**
   * How writes find the primary: without EndpointSlices, no rights over them are asked for.
   *
   * @default Routing.ENDPOINT_SLICE
   */
  readonly routing?: Routing;

  /**
   * The cluster's backups: their certificates are filled, and the Secrets that their repos are opened with are read.
   *
   * @default - none
   */
  readonly backups?: ClusterBackups;

  /**
   * What the cluster begins with: the Secrets that a backup is opened with are read.
   *
   * @default - empty databases
   */
  readonly bootstrap?: Bootstrap;

  /**
   * The cluster's certificates: the Secret of one that is given is read.
   *
   * @default - none is given
   */
  readonly certificates?: CertificateOptions;

  /**
   * Files of postgresql.conf that somebody else keeps: they are read.
   *
   * @default - none
   */
  readonly configuration?: ConfigSource[];

  /**
   * Labels of the objects.
   *
   * @default - only the library's own
   */
  readonly labels?: { [key: string]: string };

  /**
   * Annotations of the objects.
   *
   * @default - none
   */
  readonly annotations?: { [key: string]: string };
}

/**
 * Who the agents are to Kubernetes, and the little that they may do there: a ServiceAccount, a Role of this namespace that is limited to
 * the cluster's own objects wherever Kubernetes can limit by name, and the binding of the two.
 */
export class AgentIdentity extends Construct {
  /** Name of the ServiceAccount. */
  public readonly serviceAccountName: string;
  /** Who the instances' pods are, to Kubernetes and to clouds that go by its annotations. */
  public readonly serviceAccount: ApiObject;

  constructor(scope: Construct, id: string, props: AgentIdentityProps) {
    super(scope, id);
    const names = new ClusterNames(props.cluster.clusterName);
    const metadata = {
      name: names.identity,
      labels: clusterLabels(props.cluster.clusterName, props.labels),
      annotations: orNothing(props.annotations),
    };
    this.serviceAccountName = names.identity;
    this.serviceAccount = account(this, metadata, () => agentRules(names, props));
  }
}

/** What the agents do with each kind of object. List and watch by name work because they ask with a field selector for that name. */
function agentRules(names: ClusterNames, props: AgentIdentityProps): k8s.PolicyRule[] {
  const pods = props.instances.map((instance) => names.pod(instance));
  const claims = props.dataClaims ?? props.instances.map((instance) => names.dataClaim(instance));
  const secrets = [
    names.authoritySecret, names.serverSecret, names.replicationSecret, names.rewindSecret, names.agentSecret,
    ...Object.values(names.accessSecrets),
    ...props.metrics ? [names.monitoringSecret] : [],
    ...props.users.map((user) => names.userSecret(user)),
    ...props.backups ? [names.pgBackRestSecret, names.backupSecret] : [],
    ...poolerOf(props.cluster) ? [names.pooler] : [],
  ];
  const certificates = [props.certificates?.serverTlsSecret, poolerOf(props.cluster)?.certificate?.secret];
  const files = (kind: 'ConfigMap' | 'Secret') => [...configObjects(kind, props.configuration), ...props.backups?._configObjects(kind) ?? []];
  const configMaps = [...new Set(files('ConfigMap'))];
  const given = [...new Set([
    ...props.backups?._secretNames() ?? [], ...props.bootstrap?._secretNames() ?? [], ...certificates.flatMap((secret) => secret ?? []), ...files('Secret'),
  ])];
  return [
    // The lock: taken, renewed, released, watched by those who wait for it.
    rule('coordination.k8s.io', 'leases', ['get', 'list', 'watch', 'update'], [names.lease]),
    // The settings from Git: never written.
    rule('', 'configmaps', ['get', 'list', 'watch'], [names.spec]),
    // What the cluster remembers of itself: system id, highest timeline.
    rule('', 'configmaps', ['get', 'update'], [names.state]),
    // Lease and state are made at run time, and Kubernetes cannot limit creation by name.
    rule('coordination.k8s.io', 'leases', ['create']),
    rule('', 'configmaps', ['create']),
    // Certificates and passwords, filled by compare-and-swap. Never created or listed: who can create a Secret can mint a token.
    rule('', 'secrets', ['get', 'update'], secrets),
    // Configuration files that somebody else keeps.
    ...configMaps.length === 0 ? [] : [rule('', 'configmaps', ['get'], configMaps)],
    // How the repos are opened, the certificates that are given, and files that are kept in Secrets: what others fill.
    ...given.length === 0 ? [] : [rule('', 'secrets', ['get'], given)],
    // Who else is there, on which revision, ready or not.
    rule('', 'pods', ['get', 'list', 'watch']),
    rule('apps', 'statefulsets', ['get', 'list', 'watch']),
    // The role label, and replacing an outdated pod.
    rule('', 'pods', ['patch', 'delete'], pods),
    // No initdb while any volume of the cluster carries a system id.
    rule('', 'persistentvolumeclaims', ['get', 'list']),
    // Without names it would be a right to all.
    ...claims.length === 0 ? [] : [rule('', 'persistentvolumeclaims', ['patch'], claims)],
    ...props.routing === Routing.SELECTOR ? [] : endpointSliceRules(names),
    ...EVENT_RULES,
  ];
}

function endpointSliceRules(names: ClusterNames): k8s.PolicyRule[] {
  return [
    // The address of the read-write Service, and the Service itself, which owns the slice.
    rule('discovery.k8s.io', 'endpointslices', ['get', 'list', 'watch', 'update'], [names.endpointSlice]),
    rule('discovery.k8s.io', 'endpointslices', ['create']),
    rule('', 'services', ['get'], [names.readWriteService]),
    // OpenShift lets only those write addresses of pods into slices who have these.
    // https://github.com/openshift/kubernetes/pull/899
    rule('', 'endpoints/restricted', ['create']),
    rule('discovery.k8s.io', 'endpointslices/restricted', ['create']),
  ];
}

import { ApiObject, Lazy } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import type { NetworkPeer } from './peer';
import { componentSelector, Labels } from '../labels';

/** Who may reach which ports. */
export interface Flow {
  /** Absent: everybody, also those that are no pods. */
  readonly peers?: readonly k8s.NetworkPolicyPeer[];
  readonly ports: readonly k8s.NetworkPolicyPort[];
}

export interface ComponentPolicy {
  readonly name: string;
  readonly cluster: string;
  readonly component: string;
  readonly labels: Labels;
  readonly annotations?: Labels;
  /** Asked when all of the program has run, because peers may be added late. */
  readonly ingress: () => readonly Flow[];
  /** Absent: whatever they want to reach they may. */
  readonly egress?: () => readonly Flow[];
}

/** The NetworkPolicy of all pods of one component of a cluster. What no flow names is refused. */
export function componentPolicy(scope: Construct, id: string, policy: ComponentPolicy): ApiObject {
  const { name, cluster, component, labels, annotations, ingress, egress } = policy;
  const spec = (): k8s.NetworkPolicySpec => ({
    podSelector: { matchLabels: componentSelector(cluster, component) },
    policyTypes: egress ? ['Ingress', 'Egress'] : ['Ingress'],
    ingress: used(ingress()).map(({ peers, ports }) => ({ ...peers && { from: [...peers] }, ports: [...ports] })),
    egress: egress && used(egress()).map(({ peers, ports }) => ({ ...peers && { to: [...peers] }, ...ports.length > 0 ? { ports: [...ports] } : {} })),
  });
  return new ApiObject(scope, id, {
    ...k8s.KubeNetworkPolicy.manifest({ metadata: { name, labels, annotations } }),
    spec: Lazy.any({ produce: () => k8s.KubeNetworkPolicy.manifest({ spec: spec() }).spec }),
  });
}

/** An empty list of peers is nobody; written out it would let in everybody. */
function used(flows: readonly Flow[]): readonly Flow[] {
  return flows.filter(({ peers }) => peers?.length !== 0);
}

export function fromEverybody(port: number): Flow {
  return { ports: [tcp(port)] };
}

export function flow(peers: readonly (NetworkPeer | k8s.NetworkPolicyPeer)[], ...ports: number[]): Flow {
  return { peers: peers.map((peer) => ('_toPeer' in peer ? peer._toPeer() : peer)), ports: ports.map((port) => tcp(port)) };
}

export function ofComponent(cluster: string, component: string): k8s.NetworkPolicyPeer {
  return { podSelector: { matchLabels: componentSelector(cluster, component) } };
}

export function tcp(port: number): k8s.NetworkPolicyPort {
  return { protocol: 'TCP', port: k8s.IntOrString.fromNumber(port) };
}

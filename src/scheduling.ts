import { k8s } from 'cdk8s-plus-28';
import type { Labels } from './labels';

/** Whether pods of one kind keep away from each other's nodes. */
export enum PodAntiAffinity {
  /** Other nodes, and other zones, where there is room; else together rather than not at all. */
  PREFERRED = 'preferred',
  /** Never two of a cluster on one node: a pod without a node of its own waits for one. */
  REQUIRED = 'required',
  /** Wherever the scheduler likes. */
  DISABLED = 'disabled',
}

const HOSTNAME = 'kubernetes.io/hostname';
const ZONE = 'topology.kubernetes.io/zone';

/** Where a pod may run. */
export interface Placement {
  /** Selects the pods that it keeps away from. */
  readonly siblings: Labels;
  readonly podAntiAffinity: PodAntiAffinity;
  readonly zone?: string;
  readonly nodeAffinity?: k8s.NodeAffinity;
}

export function affinity(placement: Placement): k8s.Affinity | undefined {
  const nodeAffinity = inZone(placement.nodeAffinity, placement.zone);
  const podAntiAffinity = awayFromSiblings(placement);
  return nodeAffinity || podAntiAffinity ? { nodeAffinity, podAntiAffinity } : undefined;
}

/** The zone goes into every term, because a node need match only one of them. */
function inZone(own: k8s.NodeAffinity | undefined, zone: string | undefined): k8s.NodeAffinity | undefined {
  if (zone === undefined) return own;
  const inThisZone: k8s.NodeSelectorRequirement = { key: ZONE, operator: 'In', values: [zone] };
  const ownTerms = own?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [{}];
  return {
    ...own,
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: ownTerms.map((term) => ({ ...term, matchExpressions: [...(term.matchExpressions ?? []), inThisZone] })),
    },
  };
}

function awayFromSiblings({ siblings: matchLabels, podAntiAffinity }: Placement): k8s.PodAntiAffinity | undefined {
  const siblings = (topologyKey: string): k8s.PodAffinityTerm => (
    { topologyKey, labelSelector: { matchLabels } });
  const otherZone = { weight: 50, podAffinityTerm: siblings(ZONE) };
  switch (podAntiAffinity) {
    case PodAntiAffinity.DISABLED:
      return undefined;
    case PodAntiAffinity.PREFERRED:
      return { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: siblings(HOSTNAME) }, otherZone] };
    case PodAntiAffinity.REQUIRED:
      return {
        requiredDuringSchedulingIgnoredDuringExecution: [siblings(HOSTNAME)],
        preferredDuringSchedulingIgnoredDuringExecution: [otherZone],
      };
  }
}

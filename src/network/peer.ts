import { k8s } from 'cdk8s-plus-28';
import { isAddressRange } from '../validation';

const NAMESPACE_NAME = 'kubernetes.io/metadata.name';

/**
 * Somebody who may connect, as a NetworkPolicy names them.
 *
 * @example NetworkPeer.pods({ labels: { app: 'shop' }, namespace: 'shop' })
 */
export class NetworkPeer {
  /**
   * Pods with these labels.
   *
   * @param selection which pods, and of which namespace
   */
  public static pods(selection: PodSelection): NetworkPeer {
    const { labels, namespace } = selection;
    return new NetworkPeer({
      podSelector: { matchLabels: labels },
      ...namespace === undefined ? {} : { namespaceSelector: { matchLabels: { [NAMESPACE_NAME]: namespace } } },
    });
  }

  /** Every pod of the cluster's own namespace. */
  public static sameNamespace(): NetworkPeer {
    return new NetworkPeer({ podSelector: {} });
  }

  /**
   * Every pod of a namespace.
   *
   * @param name the namespace's name
   */
  public static namespace(name: string): NetworkPeer {
    return new NetworkPeer({ namespaceSelector: { matchLabels: { [NAMESPACE_NAME]: name } } });
  }

  /** Every pod, of whichever namespace, and nobody from outside of Kubernetes. */
  public static anyPod(): NetworkPeer {
    return new NetworkPeer({ namespaceSelector: {} });
  }

  /**
   * Addresses, for those who are no pods.
   *
   * @param cidr like `10.0.0.0/8`
   */
  public static cidr(cidr: string): NetworkPeer {
    if (!isAddressRange(cidr)) throw new Error(`"${cidr}" is no range of addresses; give one like "10.0.0.0/8" or "2001:db8::/32"`);
    return new NetworkPeer({ ipBlock: { cidr } });
  }

  private constructor(private readonly peer: k8s.NetworkPolicyPeer) {}

  /** @internal */
  public _toPeer(): k8s.NetworkPolicyPeer {
    return this.peer;
  }
}

/** Which pods. */
export interface PodSelection {
  /** Labels that the pods have; all of them. */
  readonly labels: { [key: string]: string };

  /**
   * Name of the namespace that the pods are in.
   *
   * @default - the cluster's own
   */
  readonly namespace?: string;
}

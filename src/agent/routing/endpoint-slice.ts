/**
 * The one EndpointSlice of the selector-less read-write Service, owned by the leader's agent (architecture.md 5).
 *
 * It belongs to the Service, so that it goes with it, and carries no label by which a GitOps tool could take it for its own.
 */
import { isIPv6 } from 'node:net';
import type { Address, EndpointSlices } from './types.js';
import { CLUSTER_LABEL, FIELD_MANAGER, POSTGRES_PORT, POSTGRES_PORT_NAME } from '../../contract/index.js';
import { ENDPOINT_SLICES, SERVICES, type EndpointSlice, type KubeApi } from '../kube/client.js';
import type { Result } from '../kube/types.js';

export interface EndpointSliceNames {
  readonly slice: string;
  readonly service: string;
  readonly cluster: string;
}

export class KubeEndpointSlices implements EndpointSlices {
  /** The Service's uid, for the owner reference: from the slice or the Service, whichever was read last. */
  private serviceUid: string | null = null;

  constructor(private readonly api: KubeApi, private readonly names: EndpointSliceNames) {}

  async current(): Promise<Result<readonly string[]>> {
    const slice = await this.api.get(ENDPOINT_SLICES, this.names.slice);
    if (!slice.ok) return slice.kind === 'notFound' ? { ok: true, value: [] } : slice;
    this.serviceUid = ownerOf(slice.value);
    return { ok: true, value: addressesOf(slice.value) };
  }

  async publish(address: Address): Promise<Result<void>> {
    // Unconditional on purpose: the caller holds the Lease, and a slice that somebody else has just written must not cost the takeover a second try.
    const replaced = await this.api.replace(ENDPOINT_SLICES, this.compose(address));
    if (replaced.ok) return { ok: true, value: undefined };
    if (replaced.kind !== 'notFound') return replaced;
    const service = await this.learnServiceUid();
    if (!service.ok) return service;
    const created = await this.api.create(ENDPOINT_SLICES, this.compose(address));
    return created.ok ? { ok: true, value: undefined } : created;
  }

  async ensure(address: Address): Promise<Result<boolean>> {
    const slice = await this.api.get(ENDPOINT_SLICES, this.names.slice);
    if (!slice.ok && slice.kind !== 'notFound') return slice;
    if (slice.ok) {
      this.serviceUid = ownerOf(slice.value);
      // A takeover that had never read the slice has left the owner out.
      if (this.serviceUid === null) await this.learnServiceUid();
      if (isAsComposed(slice.value, this.compose(address))) return { ok: true, value: false };
    }
    const published = await this.publish(address);
    return published.ok ? { ok: true, value: true } : published;
  }

  async empty(only: string | null): Promise<Result<boolean>> {
    const slice = await this.api.get(ENDPOINT_SLICES, this.names.slice);
    if (!slice.ok) return slice.kind === 'notFound' ? { ok: true, value: false } : slice;
    const addresses = addressesOf(slice.value);
    if (addresses.length === 0 || (only !== null && addresses.some((address) => address !== only))) return { ok: true, value: false };
    // With the version that was read: a successor's write in between wins.
    const replaced = await this.api.replace(ENDPOINT_SLICES, { ...slice.value, endpoints: [] });
    return replaced.ok ? { ok: true, value: true } : replaced;
  }

  private async learnServiceUid(): Promise<Result<void>> {
    const service = await this.api.get(SERVICES, this.names.service);
    if (!service.ok) return service;
    this.serviceUid = service.value.metadata?.uid ?? null;
    return { ok: true, value: undefined };
  }

  private compose(address: Address): EndpointSlice {
    const { slice, service, cluster } = this.names;
    return {
      metadata: {
        name: slice,
        namespace: this.api.namespace,
        labels: {
          'kubernetes.io/service-name': service,
          'endpointslice.kubernetes.io/managed-by': FIELD_MANAGER,
          [CLUSTER_LABEL]: cluster,
        },
        ...this.serviceUid === null ? {} : { ownerReferences: [{ apiVersion: 'v1', kind: 'Service', name: service, uid: this.serviceUid }] },
      },
      addressType: isIPv6(address.ip) ? 'IPv6' : 'IPv4',
      endpoints: [{
        addresses: [address.ip],
        conditions: { ready: true, serving: true, terminating: false },
        nodeName: address.nodeName,
        targetRef: { kind: 'Pod', name: address.podName, namespace: this.api.namespace, uid: address.podUid },
      }],
      ports: [{ name: POSTGRES_PORT_NAME, port: POSTGRES_PORT, protocol: 'TCP' }],
    };
  }
}

function ownerOf(slice: EndpointSlice): string | null {
  return slice.metadata?.ownerReferences?.find(({ kind }) => kind === 'Service')?.uid ?? null;
}

function addressesOf(slice: EndpointSlice): string[] {
  return (slice.endpoints ?? []).flatMap((endpoint) => endpoint.addresses);
}

/** Compares only what the agent writes, since the API server adds fields of its own. */
function isAsComposed(slice: EndpointSlice, composed: EndpointSlice): boolean {
  const written = ({ metadata, addressType, endpoints, ports }: EndpointSlice) => JSON.stringify([
    Object.keys(composed.metadata!.labels!).map((label) => metadata?.labels?.[label]),
    metadata?.ownerReferences?.map(({ uid }) => uid) ?? [],
    addressType,
    (endpoints ?? []).map((e) => [e.addresses, e.conditions?.ready, e.nodeName, e.targetRef?.name, e.targetRef?.uid]),
    (ports ?? []).map((p) => [p.name, p.port, p.protocol]),
  ]);
  return written(slice) === written(composed);
}

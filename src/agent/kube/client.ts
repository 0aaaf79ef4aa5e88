/**
 * The verbs of the Kubernetes API for the few kinds that the agent uses, and the only file that knows the client library.
 *
 * Only its types are taken, as they look in JSON. Its generated classes would drop fields that they do not know when an object is read and
 * written back, turn the Lease's opaque times into dates, and cost each pod 30 MB of memory for models that it never uses (measured).
 */
import type { IncomingMessage } from 'node:http';
import type { EventsV1Event, V1ConfigMap, V1EndpointSlice, V1Lease, V1PersistentVolumeClaim, V1Pod, V1Secret, V1Service, V1StatefulSet } from '@kubernetes/client-node';
import type { ApiAccess } from './access.js';
import { describe, failureOf, unreachable } from './failure.js';
import { Transport, type Request } from './transport.js';
import type { Result } from './types.js';
import { FIELD_MANAGER } from '../../contract/index.js';

/** An object as it is in JSON: times are strings. */
export type Json<T> = T extends Date ? string : T extends (infer E)[] ? Json<E>[] : T extends object ? { [K in keyof T]: Json<T[K]> } : T;

export type ConfigMap = Json<V1ConfigMap>;
export type EndpointSlice = Json<V1EndpointSlice>;
export type Event = Json<EventsV1Event>;
export type Lease = Json<V1Lease>;
export type PersistentVolumeClaim = Json<V1PersistentVolumeClaim>;
export type Pod = Json<V1Pod>;
export type Secret = Json<V1Secret>;
export type Service = Json<V1Service>;
export type StatefulSet = Json<V1StatefulSet>;

/** A kind of object, with the type of its objects. */
export interface Kind<T> {
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  readonly example?: T;
}

export const CONFIG_MAPS: Kind<ConfigMap> = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps' };
export const ENDPOINT_SLICES: Kind<EndpointSlice> = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', plural: 'endpointslices' };
export const EVENTS: Kind<Event> = { apiVersion: 'events.k8s.io/v1', kind: 'Event', plural: 'events' };
export const LEASES: Kind<Lease> = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', plural: 'leases' };
export const PERSISTENT_VOLUME_CLAIMS: Kind<PersistentVolumeClaim> = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', plural: 'persistentvolumeclaims' };
export const PODS: Kind<Pod> = { apiVersion: 'v1', kind: 'Pod', plural: 'pods' };
export const SECRETS: Kind<Secret> = { apiVersion: 'v1', kind: 'Secret', plural: 'secrets' };
export const SERVICES: Kind<Service> = { apiVersion: 'v1', kind: 'Service', plural: 'services' };
export const STATEFUL_SETS: Kind<StatefulSet> = { apiVersion: 'apps/v1', kind: 'StatefulSet', plural: 'statefulsets' };

/** Which objects of a kind; a name is a field selector, so that rights limited to that name suffice. */
export interface Selection {
  readonly name?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface Listing<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
}

interface Named {
  readonly metadata?: { readonly name?: string };
}

export interface KubeApiOptions {
  readonly access: ApiAccess;
  readonly namespace: string;
  /** Asked for each request, because the spec may change it. */
  readonly requestTimeout: () => number;
}

export class KubeApi {
  readonly namespace: string;
  private readonly transport: Transport;

  constructor(private readonly options: KubeApiOptions) {
    this.namespace = options.namespace;
    this.transport = new Transport(options.access);
  }

  async get<T>(kind: Kind<T>, name: string): Promise<Result<T>> {
    return this.call(kind, { method: 'GET', path: this.path(kind, name) });
  }

  async list<T>(kind: Kind<T>, selection: Selection): Promise<Result<Listing<T>>> {
    const list = await this.call<{ items?: T[]; metadata?: { resourceVersion?: string } }>(kind, { method: 'GET', path: this.path(kind, null, query(selection)) });
    return list.ok ? { ok: true, value: { items: list.value.items ?? [], resourceVersion: list.value.metadata?.resourceVersion ?? '' } } : list;
  }

  async create<T>(kind: Kind<T>, object: T): Promise<Result<T>> {
    return this.call(kind, { method: 'POST', path: this.path(kind, null, WRITE), body: json(whole(kind, object)) });
  }

  /** Conditional when the object carries a resourceVersion. */
  async replace<T extends Named>(kind: Kind<T>, object: T): Promise<Result<T>> {
    return this.call(kind, { method: 'PUT', path: this.path(kind, object.metadata?.name ?? '', WRITE), body: json(whole(kind, object)) });
  }

  /** A JSON merge patch; a `metadata.uid` in it makes it apply to exactly that object. */
  async patch<T>(kind: Kind<T>, name: string, patch: object): Promise<Result<T>> {
    return this.call(kind, { method: 'PATCH', path: this.path(kind, name, WRITE), body: { type: 'application/merge-patch+json', json: patch } });
  }

  async delete<T>(kind: Kind<T>, name: string, uid: string): Promise<Result<void>> {
    const body = json({ apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid } });
    const deleted = await this.call(kind, { method: 'DELETE', path: this.path(kind, name), body });
    return deleted.ok ? { ok: true, value: undefined } : deleted;
  }

  /** A watch's events as lines of JSON. */
  async watch<T>(
    kind: Kind<T>, selection: Selection, resourceVersion: string, seconds: number, signal: AbortSignal,
  ): Promise<Result<IncomingMessage>> {
    const watching = query(selection);
    for (const [key, value] of Object.entries({ watch: 'true', allowWatchBookmarks: 'true', timeoutSeconds: `${seconds}`, resourceVersion })) {
      watching.set(key, value);
    }
    // The time limit of a request holds for the beginning of the answer only.
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), this.options.requestTimeout());
    try {
      const message = await this.transport.open({ method: 'GET', path: this.path(kind, null, watching) }, AbortSignal.any([signal, late.signal]));
      if (message.statusCode === 200) return { ok: true, value: message };
      message.destroy();
      return failureOf(message.statusCode ?? 0, '', `watch of ${kind.plural}`);
    } catch (error) {
      return unreachable(`watch of ${kind.plural}`, error);
    } finally {
      clearTimeout(timer);
    }
  }

  close(): void {
    this.transport.close();
  }

  private async call<T>(kind: Kind<unknown>, request: Request): Promise<Result<T>> {
    const what = describe(request.method, kind.plural, request.path);
    try {
      const response = await this.transport.send(request, this.options.requestTimeout());
      if (response.status < 200 || response.status > 299) return failureOf(response.status, response.text, what);
      return { ok: true, value: JSON.parse(response.text) as T };
    } catch (error) {
      return unreachable(what, error);
    }
  }

  private path(kind: Kind<unknown>, name: string | null, parameters?: URLSearchParams): string {
    const root = kind.apiVersion.includes('/') ? `/apis/${kind.apiVersion}` : `/api/${kind.apiVersion}`;
    const object = name === null ? '' : `/${encodeURIComponent(name)}`;
    const search = parameters === undefined || parameters.size === 0 ? '' : `?${parameters.toString()}`;
    return `${root}/namespaces/${encodeURIComponent(this.namespace)}/${kind.plural}${object}${search}`;
  }
}

const WRITE = new URLSearchParams({ fieldManager: FIELD_MANAGER });

function query(selection: Selection): URLSearchParams {
  const parameters = new URLSearchParams();
  if (selection.name !== undefined) parameters.set('fieldSelector', `metadata.name=${selection.name}`);
  if (selection.labels !== undefined) {
    parameters.set('labelSelector', Object.entries(selection.labels).map(([key, value]) => `${key}=${value}`).join(','));
  }
  return parameters;
}

function json(body: unknown): { type: string; json: unknown } {
  return { type: 'application/json', json: body };
}

function whole<T>(kind: Kind<T>, object: T): object {
  return { apiVersion: kind.apiVersion, kind: kind.kind, ...object };
}

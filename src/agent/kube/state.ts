/** The state object: what outlives the cluster's own objects. It has no owner, so nothing collects it (architecture.md 9). */
import { z } from 'zod';
import { CONFIG_MAPS, type ConfigMap, type KubeApi } from './client.js';
import type { Result, StateDocument, StateReading, StateRecord, StateStore } from './types.js';
import { CLUSTER_LABEL } from '../../contract/index.js';

const STATE_KEY = 'state.json';
const STATE_VERSION = 1;

const stateDocument = z.object({
  v: z.literal(STATE_VERSION),
  systemId: z.string().nullable(),
  initialized: z.boolean(),
  initClaim: z.string().nullable(),
  // Unknown to agents before there were restores.
  founder: z.string().nullable().default(null),
  highestTimeline: z.number().int().nonnegative(),
});

export class KubeStateStore implements StateStore {
  constructor(private readonly api: KubeApi, private readonly name: string, private readonly cluster: string) {}

  async get(): Promise<Result<StateReading>> {
    const object = await this.api.get(CONFIG_MAPS, this.name);
    if (object.ok) return { ok: true, value: readState(object.value) };
    return object.kind === 'notFound' ? { ok: true, value: { kind: 'absent' } } : object;
  }

  async create(state: StateDocument): Promise<Result<StateRecord>> {
    return written(await this.api.create(CONFIG_MAPS, this.compose({}, state)), state);
  }

  async replace(previous: StateRecord, state: StateDocument): Promise<Result<StateRecord>> {
    const [uid, resourceVersion] = previous.version.split('/');
    return written(await this.api.replace(CONFIG_MAPS, this.compose({ uid, resourceVersion }, state)), state);
  }

  private compose(version: { uid?: string; resourceVersion?: string }, state: StateDocument): ConfigMap {
    return {
      metadata: { name: this.name, namespace: this.api.namespace, labels: { [CLUSTER_LABEL]: this.cluster }, ...version },
      data: { [STATE_KEY]: JSON.stringify({ v: STATE_VERSION, ...state }) },
    };
  }
}

function written(result: Result<ConfigMap>, state: StateDocument): Result<StateRecord> {
  return result.ok ? { ok: true, value: { version: versionOf(result.value), state } } : result;
}

function readState(object: ConfigMap): StateReading {
  const version = versionOf(object);
  try {
    const { v: _, ...state } = stateDocument.parse(JSON.parse(object.data?.[STATE_KEY] ?? ''));
    return { kind: 'present', record: { version, state } };
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    return { kind: 'unreadable', version, why: `key ${STATE_KEY} of ConfigMap ${object.metadata?.name} cannot be read: ${why}` };
  }
}

function versionOf(object: ConfigMap): string {
  return `${object.metadata?.uid ?? ''}/${object.metadata?.resourceVersion ?? ''}`;
}

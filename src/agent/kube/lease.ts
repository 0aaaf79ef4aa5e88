/** The lock: one Lease, read by GET and changed only by a PUT of exactly the version that was read (I5). */
import { LEASES, type KubeApi, type Lease } from './client.js';
import { formatLeaderRecord, parseLeaderRecord } from './leader-record.js';
import type { Failure, LeaseBody, LeaseReading, LeaseStore, Result } from './types.js';
import { watchAll } from './watch.js';
import { CLUSTER_LABEL, LEADER_ANNOTATION } from '../../contract/index.js';
import type { Holder, LeaseRecord } from '../core/types.js';

export class KubeLeaseStore implements LeaseStore {
  constructor(private readonly api: KubeApi, private readonly name: string, private readonly cluster: string) {}

  async get(): Promise<Result<LeaseReading>> {
    const lease = await this.api.get(LEASES, this.name);
    if (lease.ok) return { ok: true, value: readLease(lease.value) };
    return lease.kind === 'notFound' ? { ok: true, value: { kind: 'absent' } } : lease;
  }

  async create(body: LeaseBody): Promise<Result<LeaseRecord>> {
    const metadata = { name: this.name, namespace: this.api.namespace };
    return this.written(await this.api.create(LEASES, this.compose(metadata, body, body.holder === null ? 0 : 1)), body);
  }

  async replace(previous: LeaseRecord, body: LeaseBody): Promise<Result<LeaseRecord>> {
    const [uid, resourceVersion] = previous.version.split('/');
    const changesHands = body.holder !== null && (previous.holder === null || formatHolder(previous.holder) !== formatHolder(body.holder));
    // The uid matters: a PUT to a Lease that was deleted meanwhile would create it anew, whatever its resourceVersion.
    const metadata = { name: this.name, namespace: this.api.namespace, uid, resourceVersion };
    const replaced = this.written(await this.api.replace(LEASES, this.compose(metadata, body, previous.term + (changesHands ? 1 : 0))), body);
    return !replaced.ok && replaced.kind === 'conflict' ? this.explain(replaced) : replaced;
  }

  /** The API server calls both a conflict: somebody was faster, and the Lease is gone. */
  private async explain(conflict: Failure): Promise<Failure> {
    const now = await this.api.get(LEASES, this.name);
    return !now.ok && now.kind === 'notFound' ? now : conflict;
  }

  async watch(wake: (seen: LeaseReading) => void, signal: AbortSignal): Promise<void> {
    await watchAll(this.api, LEASES, { name: this.name }, (change) => {
      const lease = change.type === 'listed' ? change.items[0] : change.type === 'deleted' ? undefined : change.object;
      wake(lease === undefined ? { kind: 'absent' } : readLease(lease));
    }, signal);
  }

  private compose(metadata: NonNullable<Lease['metadata']>, body: LeaseBody, term: number): Lease {
    const now = microTime();
    return {
      metadata: { ...metadata, labels: { [CLUSTER_LABEL]: this.cluster }, annotations: { [LEADER_ANNOTATION]: formatLeaderRecord(body.leader) } },
      spec: {
        holderIdentity: body.holder === null ? '' : formatHolder(body.holder),
        leaseDurationSeconds: Math.ceil(body.leaseDuration / 1000),
        leaseTransitions: term,
        // For people who look at the Lease; no agent ever reads it (I2).
        renewTime: now,
      },
    };
  }

  /** The record as it is now stored: what was sent, under the version that the server gave it. */
  private written(result: Result<Lease>, body: LeaseBody): Result<LeaseRecord> {
    if (!result.ok) return result;
    const { holder, leader, leaseDuration } = body;
    return { ok: true, value: { version: versionOf(result.value), term: result.value.spec?.leaseTransitions ?? 0, holder, leader, duration: leaseDuration } };
  }
}

function readLease(lease: Lease): LeaseReading {
  const version = versionOf(lease);
  const holder = parseHolder(lease.spec?.holderIdentity ?? '');
  if (holder === 'unreadable') {
    return { kind: 'unreadable', version, why: `the holder of Lease ${lease.metadata?.name} is not an agent of this library: ${lease.spec?.holderIdentity}` };
  }
  const leader = parseLeaderRecord(lease.metadata?.annotations?.[LEADER_ANNOTATION]);
  if ('why' in leader) {
    return { kind: 'unreadable', version, why: `annotation ${LEADER_ANNOTATION} of Lease ${lease.metadata?.name} cannot be read: ${leader.why}` };
  }
  return { kind: 'present', record: { version, term: lease.spec?.leaseTransitions ?? 0, holder, leader: leader.record, duration: (lease.spec?.leaseDurationSeconds ?? 0) * 1_000 } };
}

function versionOf(lease: Lease): string {
  return `${lease.metadata?.uid ?? ''}/${lease.metadata?.resourceVersion ?? ''}`;
}

/** None of the four can hold a slash: an instance is a DNS label, the others are UUIDs. */
export function formatHolder(holder: Holder): string {
  return [holder.instance, holder.podUid, holder.bootId, holder.kernelBootId].join('/');
}

function parseHolder(identity: string): Holder | null | 'unreadable' {
  if (identity === '') return null;
  const [instance, podUid, bootId, kernelBootId, ...rest] = identity.split('/');
  if (!instance || !podUid || !bootId || !kernelBootId || rest.length > 0) return 'unreadable';
  return { instance, podUid, bootId, kernelBootId };
}

/** Lease times have microseconds. */
function microTime(): string {
  return new Date().toISOString().replace('Z', '000Z');
}

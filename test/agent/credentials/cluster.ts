/** Several agents of one cluster around the same Secrets, each with its own volume. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VolumeCopies } from '../../../src/agent/credentials/copies.js';
import { reconcileCredentials } from '../../../src/agent/credentials/reconcile.js';
import type { CredentialsReport, Duty } from '../../../src/agent/credentials/types.js';
import type { FailureKind, Result, SecretRecord, Secrets } from '../../../src/agent/kube/types.js';
import { type ClusterSpec, DEFAULT_TIMING } from '../../../src/contract';

export const NAMESPACE = 'shop';
export const SECRETS = ['orders-ca', 'orders-server', 'orders-replication', 'orders-rewind', 'orders-agent', 'orders-app-user'];

export function specOf(instances: number, users: ClusterSpec['users'] = [{ name: 'app', secret: 'orders-app-user', database: 'orders' }]): ClusterSpec {
  return {
    specVersion: 1,
    cluster: 'orders',
    postgresVersion: '17',
    objects: {
      lease: 'orders',
      state: 'orders-state',
      endpointSlice: 'orders-rw',
      readWriteService: 'orders-rw',
      readOnlyService: 'orders-ro',
      readService: 'orders-r',
      instancesService: 'orders-instances',
      authoritySecret: 'orders-ca',
      serverSecret: 'orders-server',
      replicationSecret: 'orders-replication',
      rewindSecret: 'orders-rewind',
      agentSecret: 'orders-agent',
    },
    instances: Array.from({ length: instances }, (_, i) => ({
      name: `${i + 1}`, statefulSet: `orders-${i + 1}`, pod: `orders-${i + 1}-0`, dataClaim: `orders-${i + 1}-data`, walVolume: false, tablespaces: [], retire: false,
    })),
    parameters: {},
    replication: { mode: 'asynchronous' },
    routing: 'endpointSlice',
    databases: [{ name: 'orders', owner: 'app' }],
    users,
    timing: DEFAULT_TIMING,
  };
}

/** The API server's Secrets: they exist or not, and every write is conditional. */
export class SecretsInMemory implements Secrets {
  readonly failing = new Map<string, FailureKind>();
  private readonly objects = new Map<string, { revision: number; data: Record<string, string> }>();

  constructor() {
    for (const name of SECRETS) this.put(name, {});
  }

  async get(name: string): Promise<Result<SecretRecord>> {
    await Promise.resolve();
    const failing = this.failing.get(name);
    if (failing !== undefined) return { ok: false, kind: failing, message: `GET secrets/${name}` };
    const object = this.objects.get(name);
    return object === undefined ? { ok: false, kind: 'notFound', message: `GET secrets/${name}: 404` } : { ok: true, value: { version: `${object.revision}`, data: { ...object.data } } };
  }

  async fill(name: string, previous: SecretRecord, data: Readonly<Record<string, string>>): Promise<Result<SecretRecord>> {
    const now = await this.get(name);
    if (!now.ok) return now;
    if (now.value.version !== previous.version) return { ok: false, kind: 'conflict', message: 'changed' };
    this.put(name, { ...now.value.data, ...data });
    return this.get(name);
  }

  /** What a person does with kubectl. */
  put(name: string, data: Record<string, string>): void {
    this.objects.set(name, { revision: (this.objects.get(name)?.revision ?? 0) + 1, data });
  }

  delete(name: string): void { this.objects.delete(name); }

  data(name: string): Record<string, string> { return this.objects.get(name)?.data ?? {}; }

  all(): Record<string, Record<string, string>> { return Object.fromEntries([...this.objects].map(([name, { data }]) => [name, { ...data }])); }
}

export class Agent {
  readonly volume = mkdtempSync(join(process.env.CDK8S_POSTGRES_TEST_DIR ?? tmpdir(), 'credentials-'));
  private copies = new VolumeCopies(this.volume);

  constructor(private readonly secrets: Secrets) {}

  async reconcile(duty: Duty, options: { spec?: ClusterSpec; now?: Date } = {}): Promise<CredentialsReport> {
    return reconcileCredentials({
      spec: options.spec ?? specOf(3), namespace: NAMESPACE, secrets: this.secrets, copies: this.copies, duty, now: options.now ?? new Date(),
    });
  }

  /** The process is new, the volume is the old one. */
  restart(): void { this.copies = new VolumeCopies(this.volume); }
}

/** A cluster that has been founded and is led by `leader`; the two others have seen all Secrets. */
export async function runningCluster(): Promise<{ secrets: SecretsInMemory; leader: Agent; replica: Agent; other: Agent }> {
  const secrets = new SecretsInMemory();
  const [leader, replica, other] = [new Agent(secrets), new Agent(secrets), new Agent(secrets)];
  await leader.reconcile('found');
  await leader.reconcile('lead');
  await replica.reconcile('keep');
  await other.reconcile('keep');
  return { secrets, leader, replica, other };
}

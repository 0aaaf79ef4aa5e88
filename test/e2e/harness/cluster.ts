/** A PostgreSQL cluster under test, in a namespace of its own. */
import { Kubectl } from './kubectl';
import { AgentLogs } from './logs';
import { PodWatch, type Pod } from './pods';
import { CLUSTER, INSTANCES, objectsOf, synthesize, USER, type Program, type SynthesizedObject } from './program';
import { eventually, yes } from './wait';
import { CONNECTION_KEYS, HEALTH_PORT, HEALTH_ROUTES, InstanceStatus, SOCKET_DIR } from '../../../src/contract';
import { ClusterNames } from '../../../src/naming';
import type { Target } from '../target/target';

export const NAMES = new ClusterNames(CLUSTER);

/** How an application connects: what stands in its Secret, and the address of the Service. */
export interface Access {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
  readonly authority: string;
  readonly serverName: string;
}

const STATUS_TIMEOUT_MS = 15_000;
/** Where one after the other is asked who leads, one that is frozen or cut off would be waited for. */
const LEADER_TIMEOUT_MS = 1_500;
const CONTROLLERS_WITHIN_MS = 90_000;

export class Cluster {
  /** The namespace admits restricted pods only. */
  static async create<T extends Cluster>(this: new (target: Target, namespace: string, directory: string) => T, target: Target, namespace: string, directory: string): Promise<T> {
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted', 'cdk8s-postgres-test': 'true' };
    await new Kubectl('default').apply(JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } }));
    const cluster = new this(target, namespace, directory);
    // Its controller makes it, which after an outage of the API server takes up its work again in its own time; no pod is admitted before.
    await eventually('the default ServiceAccount', { withinMs: CONTROLLERS_WITHIN_MS }, async () => yes((await cluster.kubectl.outcome(['get', 'serviceaccount', 'default'])).code === 0));
    return cluster;
  }

  readonly kubectl: Kubectl;
  readonly pods: PodWatch;
  readonly logs: AgentLogs;

  constructor(readonly target: Target, readonly namespace: string, readonly directory: string) {
    this.kubectl = new Kubectl(namespace);
    this.pods = new PodWatch(this.kubectl, CLUSTER);
    this.logs = new AgentLogs(this.kubectl, this.pods, `${directory}/logs`);
  }

  async apply(program: Program = {}): Promise<void> {
    await this.kubectl.apply(synthesize(this.target, program));
  }

  /** Deletes those of the synthesized objects, and waits until they are gone. */
  async delete(which: (object: SynthesizedObject) => boolean, program: Program = {}): Promise<void> {
    const items = objectsOf(this.target, program).filter(which);
    await this.kubectl.run(['delete', '--ignore-not-found', '-f', '-'], { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }), timeoutMs: 180_000 });
  }

  /** What `kubectl diff` says of the same program; empty when nothing differs. */
  diff(program: Program = {}): Promise<string> {
    return this.diffOf(synthesize(this.target, program));
  }

  async diffOf(yaml: string): Promise<string> {
    const { code, stdout, stderr } = await this.kubectl.outcome(['diff', '--server-side', '--force-conflicts', '-f', '-'], { input: yaml });
    if (code > 1) throw new Error(`kubectl diff failed: ${stderr}`);
    return stdout;
  }

  pod(instance: string): Pod {
    const pod = this.pods.of(instance);
    if (pod === null) throw new Error(`instance ${instance} has no pod`);
    return pod;
  }

  async status(pod: Pod, timeoutMs = STATUS_TIMEOUT_MS): Promise<InstanceStatus> {
    if (this.target.reachesPods) {
      const response = await fetch(`http://${pod.ip}:${HEALTH_PORT}${HEALTH_ROUTES.status}`, { signal: AbortSignal.timeout(timeoutMs) });
      return await response.json() as InstanceStatus;
    }
    return JSON.parse(await this.kubectl.run(['get', '--raw', `/api/v1/namespaces/${this.namespace}/pods/${pod.name}:${HEALTH_PORT}/proxy${HEALTH_ROUTES.status}`])) as InstanceStatus;
  }

  statusOf(instance: string): Promise<InstanceStatus> {
    return this.status(this.pod(instance));
  }

  /** The pod whose agent says that it leads; null when there is none now. */
  async findPrimary(): Promise<Pod | null> {
    const all = await Promise.all(this.pods.all.filter(({ ip }) => ip !== null).map(async (pod) => {
      const status = await this.status(pod, LEADER_TIMEOUT_MS).catch(() => null);
      return status?.postgres === 'primary' && status.doing === 'Leading' ? [pod] : [];
    }));
    return all.flat()[0] ?? null;
  }

  primary(withinMs = 60_000): Promise<Pod> {
    return eventually('a primary', { withinMs }, () => this.findPrimary());
  }

  async replicas(): Promise<readonly Pod[]> {
    const primary = await this.primary();
    return this.pods.all.filter(({ uid, terminating }) => uid !== primary.uid && !terminating);
  }

  /** Why it is not whole; null when all instances are ready, one leads and the others stream from it on its timeline. */
  async whyUnhealthy(instances: readonly string[] = INSTANCES.map(({ name }) => name)): Promise<string | null> {
    const pods = this.pods.all;
    for (const instance of instances) {
      const own = pods.filter((pod) => pod.instance === instance);
      if (own.length !== 1) return `instance ${instance} has ${own.length} pods`;
      if (own[0].terminating) return `${own[0].name} is terminating`;
      if (!own[0].ready) return `${own[0].name} is not ready`;
    }
    const statuses = await Promise.all(instances.map((instance) => this.statusOf(instance)));
    const primaries = statuses.filter(({ postgres }) => postgres === 'primary');
    if (primaries.length !== 1) return `${primaries.length} primaries`;
    for (const status of statuses) {
      if (status.postgres === 'primary') continue;
      if (status.streaming !== true || status.upstream !== primaries[0].instance) return `instance ${status.instance}: ${status.doing}: ${status.reason}`;
      if (status.position?.timeline !== primaries[0].position?.timeline) return `instance ${status.instance} is on another timeline`;
    }
    const labelled = pods.filter(({ role }) => role === 'primary').map(({ instance }) => instance);
    if (labelled.join() !== primaries[0].instance) return `the role label "primary" is on ${labelled.join() || 'no pod'}`;
    return null;
  }

  /** Whole, with the postgres that it should have. */
  async healthy(withinMs: number, instances?: readonly string[]): Promise<void> {
    let why: string | null = null;
    await eventually('a whole cluster', { withinMs, everyMs: 500 }, async () => {
      why = await this.whyUnhealthy(instances);
      return why === null ? true : null;
    }).catch((error: Error) => { throw why === null ? error : new Error(`${error.message}: ${why}`); });
  }

  /** As the superuser, over the socket of the pod. */
  async psql(pod: Pod, sql: string, database = 'postgres'): Promise<string> {
    const out = await this.kubectl.run(['exec', pod.name, '--container=postgres', '--', 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-h', SOCKET_DIR, '-U', 'postgres', '-d', database, '-c', sql]);
    return out.trim();
  }

  /** By another Service than that of the primary, when one is named. */
  async access(serviceName = NAMES.readWriteService): Promise<Access> {
    const secret = await eventually('a filled connection Secret', { withinMs: 60_000 }, async () => {
      const { data } = await this.kubectl.json<{ data?: Record<string, string> }>('get', 'secret', NAMES.userSecret(USER));
      return data?.[CONNECTION_KEYS.password] === undefined ? null : data;
    });
    const value = (key: string) => Buffer.from(secret[key] ?? '', 'base64').toString();
    const service = await this.kubectl.json<{ spec: { clusterIP: string } }>('get', 'service', serviceName);
    return {
      host: service.spec.clusterIP,
      port: Number(value(CONNECTION_KEYS.port)),
      database: value(CONNECTION_KEYS.database),
      user: value(CONNECTION_KEYS.user),
      password: value(CONNECTION_KEYS.password),
      authority: value(CONNECTION_KEYS.authority),
      serverName: `${serviceName}.${this.namespace}.svc`,
    };
  }

  /** Of all agents that run now, since they were started. */
  async slowestRenewalMs(): Promise<number> {
    const statuses = await Promise.all(this.pods.all.map((pod) => this.status(pod)));
    return Math.max(...statuses.map(({ lease }) => lease.slowestRenewalMs ?? 0));
  }

  /** With everything in it, whether its pods want to end or not. */
  async remove(): Promise<void> {
    this.close();
    await this.kubectl.outcome(['delete', 'pods', '--all', '--force', '--grace-period=0', '--wait=false']);
    await this.kubectl.outcome(['delete', 'namespace', this.namespace, '--wait=false']);
  }

  close(): void {
    this.pods.close();
    this.logs.close();
  }
}

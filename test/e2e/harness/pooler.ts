/** The pooler of a cluster under test: its pods, what they say, and who is let in. */
import type { Cluster } from './cluster';
import { NAMES } from './cluster';
import { AgentLogs } from './logs';
import { PodWatch, type Pod } from './pods';
import { CLUSTER } from './program';
import { eventually } from './wait';
import type { PoolerOptions } from '../../../src';
import { CERTIFICATES_DIR, COMPONENT_POOLER, POOLER_DIR } from '../../../src/contract';

/** What tests read of a pooler's /status. */
export interface PoolerStatus {
  readonly ready: boolean;
  readonly pgbouncer: 'running' | 'waiting';
  readonly primary: string | null;
  readonly pausedForMs: number | null;
  readonly problems: readonly { readonly code: string; readonly message: string }[];
}

const CONTAINER = 'pgbouncer';

export class Pooler {
  readonly pods: PodWatch;
  readonly logs: AgentLogs;

  constructor(private readonly cluster: Cluster, readonly options: PoolerOptions) {
    this.pods = new PodWatch(cluster.kubectl, CLUSTER, COMPONENT_POOLER, CONTAINER);
    this.logs = new AgentLogs(cluster.kubectl, this.pods, `${cluster.directory}/pooler-logs`, CONTAINER);
  }

  get program(): { readonly props: { readonly pooler: PoolerOptions } } {
    return { props: { pooler: this.options } };
  }

  async status(pod: Pod): Promise<PoolerStatus> {
    return await this.cluster.status(pod) as unknown as PoolerStatus;
  }

  /** Its pods, all of them ready. */
  async ready(withinMs = 90_000): Promise<readonly Pod[]> {
    const { instances = 2 } = this.options;
    return eventually(`${instances} ready pods of the pooler`, { withinMs }, () => {
      const pods = this.pods.all.filter(({ terminating }) => !terminating);
      return pods.length === instances && pods.every(({ ready }) => ready) ? pods : null;
    });
  }

  /** Waits until every pod has such a problem; the messages. */
  async complains(wanted: RegExp, withinMs = 60_000): Promise<readonly string[]> {
    return eventually(`every pod of the pooler to say ${wanted}`, { withinMs }, async () => {
      const statuses = await Promise.all(this.pods.all.map((pod) => this.status(pod)));
      const messages = statuses.flatMap(({ problems }) => problems.map(({ code, message }) => `${code}: ${message}`).filter((text) => wanted.test(text)).slice(0, 1));
      return messages.length > 0 && messages.length === statuses.length ? messages : null;
    });
  }

  /** On pgBouncer's console in that pod. */
  async console(pod: Pod, command: string): Promise<string> {
    return (await this.cluster.kubectl.run([
      'exec', pod.name, `--container=${CONTAINER}`, '--', 'psql', '-XAtq', '-h', POOLER_DIR, '-p', '5432', '-U', 'pgbouncer', '-d', 'pgbouncer', '-c', command,
    ])).trim();
  }

  async setting(pod: Pod, name: string): Promise<string> {
    const line = (await this.console(pod, 'SHOW CONFIG')).split('\n').find((text) => text.startsWith(`${name}|`));
    return line?.split('|')[1] ?? '';
  }

  /**
   * A login by psql, from a pod of the cluster, with the name in the certificate checked: what the query gives, or why it was refused.
   * `authority`: who must have signed that certificate, PEM; the cluster's own authority unless said.
   */
  async login(
    user: string, password: string, { database = 'app', query = 'SELECT current_user', tls = 'verify-full', host = NAMES.poolerService, authority = '' } = {},
  ): Promise<string> {
    const file = authority === '' ? `${CERTIFICATES_DIR}/ca.crt` : '/tmp/trusted.crt';
    const url = `host=${host} port=5432 user=${user} dbname=${database} sslmode=${tls} sslrootcert=${file} connect_timeout=5`;
    const { name } = await this.cluster.primary();
    const { stdout, stderr } = await this.cluster.kubectl.outcome([
      'exec', name, '--container=postgres', '--', 'env', `PGPASSWORD=${password}`, `TRUSTED=${authority}`,
      'sh', '-c', 'test -z "$TRUSTED" || printf %s "$TRUSTED" > /tmp/trusted.crt; exec psql -XAtq "$1" -c "$2"', 'sh', url, query,
    ]);
    return (stdout + stderr).trim();
  }

  close(): void {
    this.pods.close();
    this.logs.close();
  }
}

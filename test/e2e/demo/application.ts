/** The application: its user and password, through a Service, from inside the namespace. */
import type { Cluster } from '../harness/cluster';
import { eventually, yes } from '../harness/wait';

export class Application {
  constructor(private readonly cluster: Cluster) {}

  /** psql in any pod of the cluster that is ready. */
  async sql(service: string, text: string): Promise<string> {
    const { cluster } = this;
    const { user, password, database } = await cluster.access();
    const pod = await eventually('a ready pod', { withinMs: 30_000 }, () => cluster.pods.all.find(({ ready, terminating }) => ready && !terminating) ?? null);
    const out = await cluster.kubectl.run([
      'exec', pod.name, '--container=postgres', '--', 'env', `PGPASSWORD=${password}`, 'PGCONNECT_TIMEOUT=15',
      'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-h', service, '-U', user, '-d', database, '-c', text,
    ]);
    return out.trim();
  }

  /** Waits until that Service leads somewhere: what nodes know of it comes a little after the pods. */
  async reaches(service: string): Promise<void> {
    await eventually(`an answer through ${service}`, { withinMs: 60_000 }, async () => yes(await this.sql(service, 'SELECT 1') === '1'));
  }

  visits(service: string): Promise<string> {
    return this.sql(service, 'SELECT count(*) FROM visits');
  }

  /** Waits until the rows are there. */
  async sees(service: string, visits: string): Promise<void> {
    await eventually(`${visits} rows through ${service}`, { withinMs: 30_000 }, async () => yes(await this.visits(service) === visits));
  }

  /** The server's time, after everything that was acknowledged and before everything that comes. */
  async moment(): Promise<string> {
    const { cluster } = this;
    return cluster.psql(await cluster.primary(), 'SELECT to_char(clock_timestamp() AT TIME ZONE \'UTC\', \'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\')');
  }
}

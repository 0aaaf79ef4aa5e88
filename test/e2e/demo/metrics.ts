/** What a Prometheus would read: of the agent, and of postgres_exporter beside it. */
import { EXPORTER_PORT, HEALTH_PORT, HEALTH_ROUTES } from '../../../src/contract';
import type { Cluster } from '../harness/cluster';
import { say } from '../harness/say';
import { eventually } from '../harness/wait';

const SHOWN = [
  { port: HEALTH_PORT, sample: /^cdk8s_postgres_(primary|timeline|lease_age_seconds|archive_age_seconds|backup_timestamp_seconds)/ },
  { port: EXPORTER_PORT, sample: /^pg_(up|database_size_bytes\{datname="app"\})/ },
] as const;

export async function readMetrics(cluster: Cluster): Promise<void> {
  const { name } = await cluster.primary();
  for (const { port, sample } of SHOWN) {
    const samples = await eventually(`samples ${sample} of ${name}:${port}`, { withinMs: 60_000 }, async () => {
      const text = await cluster.kubectl.run(['get', '--raw', `/api/v1/namespaces/${cluster.namespace}/pods/${name}:${port}/proxy${HEALTH_ROUTES.metrics}`]);
      const matching = text.split('\n').filter((line) => sample.test(line));
      return matching.length > 0 ? matching : null;
    });
    say([`metrics of ${name}:${port}`, ...samples].join('\n            '));
  }
}

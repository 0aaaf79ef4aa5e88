/** PostgreSQL's metrics as the exporters of a cluster tell them, and by which certificate they have logged in. */
import assert from 'node:assert/strict';
import type { Cluster } from './cluster';
import type { Pod } from './pods';
import { EXPORTER_PORT, HEALTH_ROUTES, SYSTEM_ROLES } from '../../../src/contract';

export async function scrape(pod: Pod, port: number): Promise<string> {
  const response = await fetch(`http://${pod.ip}:${port}${HEALTH_ROUTES.metrics}`, { signal: AbortSignal.timeout(10_000) });
  assert.equal(response.status, 200);
  return response.text();
}

/** The value of the only sample that matches. */
export function valueOf(text: string, sample: RegExp): number {
  const lines = text.split('\n').filter((line) => sample.test(line));
  assert.equal(lines.length, 1, `one sample ${sample}, found ${lines.join(' and ') || 'none'}`);
  return Number(lines[0].split(' ').at(-1));
}

/** Has the exporter of that pod log in again: serial numbers of the certificates that it has done so with; none when it could not. */
export async function exporterLogsIn(cluster: Cluster, pod: Pod): Promise<readonly string[]> {
  await cluster.psql(pod, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${SYSTEM_ROLES.monitoring}'`);
  if (valueOf(await scrape(pod, EXPORTER_PORT), /^pg_up /) !== 1) return [];
  return serialsOf(cluster, pod, SYSTEM_ROLES.monitoring);
}

/** Serial numbers of the certificates by which that role is connected there. */
export async function serialsOf(cluster: Cluster, pod: Pod, role: string): Promise<readonly string[]> {
  const serials = await cluster.psql(pod, `SELECT client_serial FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = '${role}' AND client_serial IS NOT NULL`);
  return serials.split('\n').filter((serial) => serial !== '');
}

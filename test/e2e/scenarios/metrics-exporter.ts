import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CERTIFICATE_KEYS, EXPORTER_PORT, HEALTH_PORT, HEALTH_ROUTES, SYSTEM_ROLES } from '../../../src/contract';
import { NAMES, type Cluster } from '../harness/cluster';
import type { Pod } from '../harness/pods';
import type { Scenario } from '../harness/scenario';
import { eventually, yes } from '../harness/wait';

const WITHIN = { withinMs: 90_000, everyMs: 1_000 };

async function scrape(pod: Pod, port: number): Promise<string> {
  const response = await fetch(`http://${pod.ip}:${port}${HEALTH_ROUTES.metrics}`, { signal: AbortSignal.timeout(10_000) });
  assert.equal(response.status, 200);
  return response.text();
}

/** The value of the only sample that matches. */
function valueOf(text: string, sample: RegExp): number {
  const lines = text.split('\n').filter((line) => sample.test(line));
  assert.equal(lines.length, 1, `one sample ${sample}, found ${lines.join(' and ') || 'none'}`);
  return Number(lines[0].split(' ').at(-1));
}

/** A certificate of the cluster's own authority, as a renewal makes it. */
async function newCertificate(cluster: Cluster): Promise<{ certificate: string; key: string; serial: string }> {
  const { data } = await cluster.kubectl.json<{ data: Record<string, string> }>('get', 'secret', NAMES.authoritySecret);
  const folder = mkdtempSync(join(tmpdir(), 'certificate-'));
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    for (const [file, key] of [['ca.crt', CERTIFICATE_KEYS.certificate], ['ca.key', CERTIFICATE_KEYS.key]] as const) writeFileSync(join(folder, file), Buffer.from(data[key], 'base64'));
    openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', 'new.key', '-out', 'new.csr', '-subj', `/CN=${SYSTEM_ROLES.monitoring}`);
    openssl('x509', '-req', '-in', 'new.csr', '-CA', 'ca.crt', '-CAkey', 'ca.key', '-set_serial', '424242', '-out', 'new.crt', '-days', '30');
    return { certificate: readFileSync(join(folder, 'new.crt'), 'utf8'), key: readFileSync(join(folder, 'new.key'), 'utf8'), serial: '424242' };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export const metricsExporter: Scenario = {
  name: 'metrics-exporter',
  promise: 'each instance tells its own and its PostgreSQL\'s metrics, by a role that may only watch and whose certificate is renewed without a restart',
  begins: { props: { metrics: {} } },
  needsMachine: true,
  async run({ cluster, step }) {
    const primary = await cluster.primary();
    step('every exporter answers for its server');
    for (const pod of cluster.pods.all) {
      const text = await eventually(`the exporter of ${pod.name} to reach its server`, WITHIN, async () => {
        const found = await scrape(pod, EXPORTER_PORT);
        return valueOf(found, /^pg_up /) === 1 ? found : null;
      });
      assert.equal(valueOf(text, /^pg_exporter_last_scrape_error /), 0, 'nothing that the exporter asks for is refused to its role');
      assert.ok(valueOf(text, /^pg_database_size_bytes\{datname="app"\} /) > 0);
      const own = await scrape(pod, HEALTH_PORT);
      assert.equal(valueOf(own, /^cdk8s_postgres_primary\{/), pod.uid === primary.uid ? 1 : 0);
      assert.equal(valueOf(own, /^cdk8s_postgres_streaming\{/), pod.uid === primary.uid ? 0 : 1);
      assert.equal(valueOf(own, /^cdk8s_postgres_ready\{/), 1);
      assert.equal(valueOf(own, /^cdk8s_postgres_timeline\{/), 1);
      assert.ok(valueOf(own, /^cdk8s_postgres_volume_available_bytes\{.*volume="data"\} /) > 0);
      if (pod.uid !== primary.uid) assert.ok(valueOf(own, /^cdk8s_postgres_replay_lag_seconds\{/) < 10);
    }

    step('a new certificate');
    const { certificate, key, serial } = await newCertificate(cluster);
    const data = { [CERTIFICATE_KEYS.certificate]: certificate, [CERTIFICATE_KEYS.key]: key };
    await cluster.kubectl.run(['patch', 'secret', NAMES.monitoringSecret, '--type=merge', '--patch', JSON.stringify({ stringData: data })]);
    for (const pod of cluster.pods.all) {
      await eventually(`the exporter of ${pod.name} to log in with the new certificate`, WITHIN, async () => {
        await cluster.psql(pod, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${SYSTEM_ROLES.monitoring}'`);
        const up = valueOf(await scrape(pod, EXPORTER_PORT), /^pg_up /);
        const serials = await cluster.psql(pod, `SELECT client_serial FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = '${SYSTEM_ROLES.monitoring}'`);
        return yes(up === 1 && serials.split('\n').includes(serial));
      });
      assert.equal(pod.restarts, 0);
    }
  },
};

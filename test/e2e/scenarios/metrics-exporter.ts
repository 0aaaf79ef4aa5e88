import assert from 'node:assert/strict';
import { CERTIFICATE_KEYS, EXPORTER_PORT, HEALTH_PORT, SYSTEM_ROLES } from '../../../src/contract';
import { issue, readCertificate } from '../harness/certificates';
import { NAMES } from '../harness/cluster';
import { exporterLogsIn, scrape, valueOf } from '../harness/exporter';
import type { Scenario } from '../harness/scenario';
import { eventually, yes } from '../harness/wait';

const WITHIN = { withinMs: 90_000, everyMs: 1_000 };

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

    for (const [container, files] of [['postgres', 'ca.crt namespace token'], ['exporter', '']]) {
      const { stdout } = await cluster.kubectl.outcome(['exec', primary.name, `--container=${container}`, '--', 'ls', '/var/run/secrets/kubernetes.io/serviceaccount']);
      assert.equal(stdout.trim().split('\n').join(' '), files, `what ${container} has of the pod's account`);
    }

    step('a new certificate');
    const serial = '424242';
    const { certificate, key } = issue((await readCertificate(cluster, NAMES.authoritySecret))!, { commonName: SYSTEM_ROLES.monitoring, serial });
    const data = { [CERTIFICATE_KEYS.certificate]: certificate, [CERTIFICATE_KEYS.key]: key };
    await cluster.kubectl.run(['patch', 'secret', NAMES.monitoringSecret, '--type=merge', '--patch', JSON.stringify({ stringData: data })]);
    for (const pod of cluster.pods.all) {
      await eventually(`the exporter of ${pod.name} to log in with the new certificate`, WITHIN, async () => yes((await exporterLogsIn(cluster, pod)).includes(serial)));
      assert.equal(pod.restarts, 0);
    }
  },
};

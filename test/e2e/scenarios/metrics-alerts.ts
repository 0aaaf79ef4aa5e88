import assert from 'node:assert/strict';
import { Duration, Size } from 'cdk8s';
import { PgBackRestRepo, PostgresAlerts } from '../../../src';
import { HEALTH_PORT, HEALTH_ROUTES } from '../../../src/contract';
import { NAMES, type Cluster } from '../harness/cluster';
import { INSTANCES, type Program } from '../harness/program';
import { installPrometheusKinds, Prometheus, type PodMonitor } from '../harness/prometheus';
import { outcomeOf } from '../harness/run';
import type { Scenario } from '../harness/scenario';
import { eventually, yes } from '../harness/wait';

const SOON = { withinMs: 180_000, everyMs: 500 };
/** Seconds instead of minutes, and a limit that the machine's own disk does not reach. */
const LIMITS = {
  noPrimaryFor: Duration.seconds(2), replicaMissingFor: Duration.seconds(2), maximumLag: Duration.seconds(3), lagFor: Duration.seconds(2),
  minimumFreePercent: 0.1,
  archiving: true,
  maximumBackupAge: { 1: Duration.hours(26) },
};
/** Panels that are empty when all is well. */
const MAY_BE_EMPTY = ['Problems'];

const program: Program = {
  props: {
    metrics: { podMonitor: true, dashboard: true },
    backups: { repos: [PgBackRestRepo.posix({ storage: { size: Size.gibibytes(1) } })] },
  },
  also: (chart, cluster) => void new PostgresAlerts(chart, 'alerts', { cluster, instances: INSTANCES.length, ...LIMITS }),
};

interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly expr: string }[] }[];
}

interface Panel {
  readonly title: string;
  readonly targets: readonly { readonly expr: string }[];
}

async function dashboard(cluster: Cluster): Promise<readonly Panel[]> {
  const { data } = await cluster.kubectl.json<{ data: Record<string, string> }>('get', 'configmap', NAMES.dashboard);
  return (JSON.parse(data[`${NAMES.dashboard}.json`]) as { panels: readonly Panel[] }).panels;
}

async function scale(cluster: Cluster, instances: readonly string[], replicas: number): Promise<void> {
  await cluster.kubectl.run(['scale', 'statefulset', ...instances.map((name) => NAMES.statefulSet(name)), `--replicas=${replicas}`]);
}

export const metricsAlerts: Scenario = {
  name: 'metrics-alerts',
  promise: 'a Prometheus finds the cluster, answers every question of its dashboard and alerts, and those of primary and replicas fire while their fault lasts and no longer',
  begins: 'nothing',
  needsMachine: true,
  async run({ cluster, startClients, step }) {
    await installPrometheusKinds(cluster);
    await cluster.apply(program);
    await cluster.healthy(180_000);
    await startClients();
    const monitor = await cluster.kubectl.json<PodMonitor>('get', 'podmonitors.monitoring.coreos.com', NAMES.podMonitor);
    const { spec } = await cluster.kubectl.json<{ spec: Rules }>('get', 'prometheusrules.monitoring.coreos.com', NAMES.alerts);
    const prometheus = await Prometheus.start(cluster, monitor, spec);
    const quiet = () => eventually('no alert to fire', SOON, async () => yes((await prometheus.firing()).length === 0));
    const fires = (name: string) => eventually(`the alert ${name} to fire`, SOON, async () => yes((await prometheus.firing()).includes(name)));
    try {
      step('every target answers');
      await eventually('all targets to be up', SOON, async () => {
        const targets = await prometheus.targets();
        const down = targets.filter(({ health }) => health !== 'up').map(({ lastError }) => lastError);
        if (down.length > 0) throw new Error(down.join('; '));
        // Exporter and agent of each instance, and the repo host's agent.
        return yes(targets.length === 2 * INSTANCES.length + 1);
      });
      for (const pod of cluster.pods.all) {
        const response = await fetch(`http://${pod.ip}:${HEALTH_PORT}${HEALTH_ROUTES.metrics}`);
        const { code, stdout, stderr } = await outcomeOf(['promtool', 'check', 'metrics'], { input: await response.text() });
        assert.equal(code, 0, `promtool finds fault with the agent's metrics: ${stdout}${stderr}`);
      }

      const panels = await dashboard(cluster);
      step(`asking the ${panels.length} panels' questions`);
      for (const { title, targets } of panels) {
        for (const { expr } of targets) {
          const ask = () => prometheus.query(expr.replaceAll('$__rate_interval', '10s'));
          await ask();
          if (!MAY_BE_EMPTY.includes(title)) await eventually(`an answer to ${expr}`, SOON, async () => yes((await ask()).some(({ value }) => value[1] !== 'NaN')));
        }
      }
      const rules = spec.groups.flatMap((group) => group.rules);
      const series = new Set(rules.flatMap(({ expr }) => expr.match(/\b(pg|cdk8s_postgres)_\w+\{[^}]*\}/g) ?? []));
      step(`the ${series.size} metrics that the ${rules.length} alerts stand on are there`);
      for (const one of series) await eventually(`the metric ${one}`, SOON, async () => yes((await prometheus.query(one)).length > 0));
      await quiet();

      const [replica] = await cluster.replicas();
      step(`instance ${replica.instance} stops replaying`);
      await cluster.psql(replica, 'SELECT pg_wal_replay_pause()');
      await fires('PostgresReplicationLag');
      await cluster.psql(replica, 'SELECT pg_wal_replay_resume()');
      await quiet();

      step(`instance ${replica.instance} is taken away`);
      await scale(cluster, [replica.instance], 0);
      await fires('PostgresReplicaMissing');
      await scale(cluster, [replica.instance], 1);
      await quiet();

      step('all instances are taken away');
      const all = INSTANCES.map(({ name }) => name);
      await scale(cluster, all, 0);
      await fires('PostgresNoPrimary');
      await scale(cluster, all, 1);
      await quiet();
      return { panels: panels.length };
    } finally {
      prometheus.stop();
    }
  },
};

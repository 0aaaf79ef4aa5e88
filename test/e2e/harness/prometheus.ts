/**
 * A real Prometheus for one cluster: it finds and scrapes what the cluster's PodMonitor says, as the Prometheus Operator would have it do, and
 * follows the rules of a PrometheusRule.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import type { Cluster } from './cluster';
import { eventually, yes } from './wait';

export interface PodMonitor {
  readonly spec: {
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly podTargetLabels: readonly string[];
    readonly podMetricsEndpoints: readonly { readonly port: string; readonly path?: string; readonly honorLabels?: boolean }[];
  };
}

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

interface Target {
  readonly health: string;
  readonly lastError: string;
}

interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'firing';
}

const EVERY = '1s';

export class Prometheus {
  static async start(cluster: Cluster, monitor: PodMonitor, rules: object): Promise<Prometheus> {
    const directory = resolve(`${cluster.directory}/prometheus`);
    mkdirSync(`${directory}/data`, { recursive: true });
    // Prometheus reads YAML, of which JSON is a part.
    writeFileSync(`${directory}/rules.yml`, JSON.stringify(rules));
    writeFileSync(`${directory}/prometheus.yml`, JSON.stringify({
      global: { scrape_interval: EVERY, scrape_timeout: EVERY, evaluation_interval: EVERY },
      rule_files: ['rules.yml'],
      scrape_configs: monitor.spec.podMetricsEndpoints.map((endpoint) => job(cluster.namespace, monitor, endpoint)),
    }));
    const port = await freePort();
    const child = spawn('prometheus', [
      `--config.file=${directory}/prometheus.yml`, `--storage.tsdb.path=${directory}/data`, `--web.listen-address=127.0.0.1:${port}`,
    ], { stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr.pipe(createWriteStream(`${directory}/log`));
    const started = new Prometheus(child, `http://127.0.0.1:${port}`);
    await eventually('Prometheus to be ready', { withinMs: 60_000 }, async () => yes((await fetch(`${started.address}/-/ready`)).ok)).catch((error: unknown) => {
      started.stop();
      throw error;
    });
    return started;
  }

  private constructor(private readonly child: ChildProcess, private readonly address: string) {}

  /** Rejects with Prometheus' own words when it does not understand. */
  async query(expr: string): Promise<readonly Sample[]> {
    return (await this.#api<{ result: readonly Sample[] }>(`query?${new URLSearchParams({ query: expr }).toString()}`)).result;
  }

  async targets(): Promise<readonly Target[]> {
    return (await this.#api<{ activeTargets: readonly Target[] }>('targets?state=active')).activeTargets;
  }

  /** Names of the alerts that fire. */
  async firing(): Promise<readonly string[]> {
    const { alerts } = await this.#api<{ alerts: readonly Alert[] }>('alerts');
    return [...new Set(alerts.filter(({ state }) => state === 'firing').map(({ labels }) => labels.alertname))].sort();
  }

  stop(): void {
    this.child.kill('SIGKILL');
  }

  async #api<T>(path: string): Promise<T> {
    const response = await fetch(`${this.address}/api/v1/${path}`, { signal: AbortSignal.timeout(10_000) });
    const answer = await response.json() as { status: string; data: T; error?: string };
    if (answer.status !== 'success') throw new Error(`${path}: ${answer.error}`);
    return answer.data;
  }
}

/** https://github.com/prometheus-operator/prometheus-operator/blob/main/pkg/prometheus/promcfg.go makes the same of it. */
function job(namespace: string, { spec }: PodMonitor, { port, path, honorLabels }: PodMonitor['spec']['podMetricsEndpoints'][number]): object {
  const podLabel = (label: string) => `__meta_kubernetes_pod_label_${sanitized(label)}`;
  const copied = (from: string, to: string) => ({ source_labels: [from], target_label: to });
  return {
    job_name: `${namespace}/${port}`,
    metrics_path: path ?? '/metrics',
    honor_labels: honorLabels ?? false,
    kubernetes_sd_configs: [{ role: 'pod', kubeconfig_file: process.env.KUBECONFIG, namespaces: { names: [namespace] } }],
    relabel_configs: [
      ...Object.entries(spec.selector.matchLabels).map(([label, value]) => ({ source_labels: [podLabel(label)], regex: value, action: 'keep' })),
      { source_labels: ['__meta_kubernetes_pod_container_port_name'], regex: port, action: 'keep' },
      { source_labels: ['__meta_kubernetes_pod_phase'], regex: '(Failed|Succeeded)', action: 'drop' },
      copied('__meta_kubernetes_namespace', 'namespace'),
      copied('__meta_kubernetes_pod_container_name', 'container'),
      copied('__meta_kubernetes_pod_name', 'pod'),
      ...spec.podTargetLabels.map((label) => copied(podLabel(label), sanitized(label))),
    ],
  };
}

function sanitized(label: string): string {
  return label.replace(/[^a-zA-Z0-9_]/g, '_');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((listening) => server.once('listening', listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

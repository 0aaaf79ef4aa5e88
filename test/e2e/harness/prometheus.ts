/**
 * A real Prometheus for one cluster: it scrapes what the cluster's PodMonitor says, as the Prometheus Operator would have it do, and follows the
 * rules of a PrometheusRule. Debian builds it without the discovery of pods, so that the pods are told to it in a file.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import type { Cluster } from './cluster';
import { eventually, sleep, yes } from './wait';

const KINDS = 'imports/crds/monitoring.coreos.com.yaml';

/** PodMonitor and PrometheusRule, as the Prometheus Operator brings them. */
export async function installPrometheusKinds({ kubectl }: Cluster): Promise<void> {
  await kubectl.run(['apply', '--server-side', '--force-conflicts', '-f', KINDS]);
  await kubectl.run(['wait', '--for=condition=Established', '-f', KINDS]);
}

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

interface RawPod {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: { readonly containers: readonly { readonly name: string; readonly ports?: readonly { readonly name: string; readonly containerPort: number }[] }[] };
  readonly status: { readonly podIP?: string; readonly phase: string };
}

const EVERY = '1s';
const LOOK_EVERY_MS = 2_000;

export class Prometheus {
  static async start(cluster: Cluster, monitor: PodMonitor, rules: object): Promise<Prometheus> {
    const directory = resolve(`${cluster.directory}/prometheus`);
    mkdirSync(`${directory}/data`, { recursive: true });
    // Prometheus reads YAML, of which JSON is a part.
    writeFileSync(`${directory}/rules.yml`, JSON.stringify(rules));
    writeFileSync(`${directory}/prometheus.yml`, JSON.stringify({
      global: { scrape_interval: EVERY, scrape_timeout: EVERY, evaluation_interval: EVERY },
      rule_files: ['rules.yml'],
      scrape_configs: monitor.spec.podMetricsEndpoints.map((endpoint) => job(monitor, endpoint)),
    }));
    const port = await freePort();
    const child = spawn('prometheus', [
      `--config.file=${directory}/prometheus.yml`, `--storage.tsdb.path=${directory}/data`, `--web.listen-address=127.0.0.1:${port}`,
    ], { stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr.pipe(createWriteStream(`${directory}/log`));
    const started = new Prometheus(child, `http://127.0.0.1:${port}`);
    void started.#tellPods(cluster, `${directory}/pods.json`);
    await eventually('Prometheus to be ready', { withinMs: 60_000 }, async () => yes((await fetch(`${started.address}/-/ready`)).ok)).catch((error: unknown) => {
      started.stop();
      throw error;
    });
    return started;
  }

  #stopped = false;

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

  async #tellPods(cluster: Cluster, file: string): Promise<void> {
    while (!this.#stopped) {
      const pods = await cluster.kubectl.json<{ items: readonly RawPod[] }>('get', 'pods').catch(() => null);
      if (pods !== null) {
        writeFileSync(`${file}.new`, JSON.stringify(pods.items.flatMap(targetsOf)));
        renameSync(`${file}.new`, file);
      }
      await sleep(LOOK_EVERY_MS);
    }
  }

  stop(): void {
    this.#stopped = true;
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
function job({ spec }: PodMonitor, { port, path, honorLabels }: PodMonitor['spec']['podMetricsEndpoints'][number]): object {
  const podLabel = (label: string) => `__meta_kubernetes_pod_label_${sanitized(label)}`;
  const copied = (from: string, to: string) => ({ source_labels: [from], target_label: to });
  return {
    job_name: port,
    metrics_path: path ?? '/metrics',
    honor_labels: honorLabels ?? false,
    file_sd_configs: [{ files: ['pods.json'] }],
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

/** What the discovery of pods would make of it: a target for each port of each container. */
function targetsOf({ metadata, spec, status }: RawPod): object[] {
  const { podIP, phase } = status;
  if (podIP === undefined) return [];
  const meta = (name: string, value: string): [string, string] => [`__meta_kubernetes_${name}`, value];
  const labels = Object.entries(metadata.labels ?? {}).map(([label, value]) => meta(`pod_label_${sanitized(label)}`, value));
  return spec.containers.flatMap(({ name, ports = [] }) => ports.map((port) => ({
    targets: [`${podIP}:${port.containerPort}`],
    labels: Object.fromEntries([
      meta('namespace', metadata.namespace), meta('pod_name', metadata.name), meta('pod_phase', phase),
      meta('pod_container_name', name), meta('pod_container_port_name', port.name), ...labels,
    ]),
  })));
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

/**
 * The agent's metrics in Prometheus' text format. Each is read when it is asked for, from what the agent knows anyway: a scrape does no I/O and
 * waits for nothing, because the same process holds the Lease.
 *
 * Rendered here: all that the agent has to tell are gauges of the moment, and a client library would take 6 MiB of each pod for them
 * (docs/tried.md). https://prometheus.io/docs/instrumenting/exposition_formats/
 */

export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** null: not known, or not meant for what this instance is now. */
export type Reading = number | boolean | null | readonly Sample[];

interface Gauge {
  readonly name: string;
  readonly help: string;
  readonly read: () => Reading;
}

const PREFIX = 'cdk8s_postgres_';

export const METRICS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export class Metrics {
  readonly #gauges: Gauge[] = [];

  /** `common`: labels of every sample. */
  constructor(private readonly common: () => Readonly<Record<string, string>>) {}

  /** `name`: without the prefix, with its unit at the end as Prometheus' users expect it. */
  gauge(name: string, help: string, read: () => Reading): void {
    this.#gauges.push({ name: `${PREFIX}${name}`, help, read });
  }

  render(): string {
    const common = this.common();
    return this.#gauges.map(({ name, help, read }) => {
      const lines = samples(read()).map(({ labels, value }) => `${name}${written({ ...common, ...labels })} ${written64(value)}\n`);
      return lines.length === 0 ? '' : `# HELP ${name} ${escaped(help)}\n# TYPE ${name} gauge\n${lines.join('')}`;
    }).join('');
  }
}

function samples(reading: Reading): readonly Sample[] {
  if (reading === null) return [];
  return typeof reading === 'object' ? reading : [{ value: Number(reading) }];
}

function written(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value).replaceAll('"', '\\"')}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function written64(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

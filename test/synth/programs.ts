import { App, Chart, Size } from 'cdk8s';
import { Cpu } from 'cdk8s-plus-28';
import type { PostgresClusterProps } from '../../src/index';
import { PodAntiAffinity, PoolMode, PostgresCluster, PostgresVersion, Routing } from '../../src/index';

/** Programs whose output is kept: what a user has who says as little as possible, and one who says everything. */
export const PROGRAMS: { readonly [name: string]: PostgresClusterProps } = {
  minimal: {
    version: PostgresVersion.V17,
    storage: { size: Size.gibibytes(10) },
  },
  full: {
    version: PostgresVersion.of('17.6'),
    instanceList: [
      { name: '1', zone: 'a' },
      { name: 'zone-b', zone: 'b', storage: { size: Size.gibibytes(200), storageClass: 'slow' }, labels: { rack: '7' }, annotations: { 'example.com/rack': '7' } },
      { name: '3', zone: 'c', retire: true, tolerations: [{ key: 'database', operator: 'Exists', effect: 'NoSchedule' }] },
    ],
    storage: { size: Size.gibibytes(100), storageClass: 'fast' },
    walStorage: { size: Size.gibibytes(20) },
    tablespaces: [{ name: 'old_data', storage: { size: Size.gibibytes(500), storageClass: 'cheap' } }],
    images: { postgres: 'registry.example.com/postgres:17.6', agent: 'registry.example.com/agent:1' },
    uid: 999,
    resources: {
      cpu: { request: Cpu.units(2), limit: Cpu.units(4) },
      memory: { request: Size.gibibytes(8), limit: Size.gibibytes(8) },
      ephemeralStorage: { request: Size.gibibytes(1), limit: Size.gibibytes(2) },
    },
    parameters: { 'shared_buffers': '2GB', 'max_wal_size': '10GB', 'auto_explain.log_min_duration': '500ms' },
    podAntiAffinity: PodAntiAffinity.REQUIRED,
    routing: Routing.SELECTOR,
    pooler: {
      mode: PoolMode.TRANSACTION,
      instances: 3,
      poolSize: 30,
      minPoolSize: 2,
      reservePoolSize: 5,
      maxClientConnections: 5000,
      maxDatabaseConnections: 40,
      parameters: { query_wait_timeout: '30', track_extra_parameters: 'search_path' },
      podAntiAffinity: PodAntiAffinity.REQUIRED,
      resources: {
        cpu: { request: Cpu.millis(100), limit: Cpu.units(1) },
        memory: { request: Size.mebibytes(128), limit: Size.mebibytes(256) },
        ephemeralStorage: { request: Size.mebibytes(100), limit: Size.mebibytes(200) },
      },
      labels: { layer: 'pool' },
    },
    databases: [{ name: 'orders' }, { name: 'stock', owner: 'stock_keeper' }],
    users: [{ name: 'app' }, { name: 'stock_keeper' }],
    labels: { team: 'shop' },
    annotations: { 'example.com/tier': 'gold' },
  },
};

/** The YAML of one of them. */
export function synthesize(name: string): string {
  const app = new App();
  const chart = new Chart(app, name, { namespace: name === 'full' ? 'shop' : undefined });
  new PostgresCluster(chart, 'orders', PROGRAMS[name]);
  return app.synthYaml();
}

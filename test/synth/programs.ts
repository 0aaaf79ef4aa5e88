import { App, Chart, Duration, Size } from 'cdk8s';
import { ContainerResources, Cpu } from 'cdk8s-plus-28';
import type { PostgresClusterProps } from '../../src/index';
import {
  BackupSchedule, Bootstrap, NetworkPeer, PgBackRestRepo, PodAntiAffinity, PoolMode, PostgresCluster, PostgresVersion, RecoveryTarget, RetentionType, Routing,
  S3UriStyle, ServiceType, VolumeSource,
} from '../../src/index';

const SMALL: ContainerResources = {
  cpu: { request: Cpu.millis(100), limit: Cpu.units(1) },
  memory: { request: Size.mebibytes(128), limit: Size.mebibytes(256) },
  ephemeralStorage: { request: Size.mebibytes(100), limit: Size.mebibytes(200) },
};

/**
 * Programs whose output is kept: what a user has who says as little as possible, one who says everything of the servers themselves, and one who
 * says everything of what is around them.
 */
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
      resources: SMALL,
      labels: { layer: 'pool' },
    },
    databases: [{ name: 'orders' }, { name: 'stock', owner: 'stock_keeper' }],
    users: [{ name: 'app' }, { name: 'stock_keeper' }],
    labels: { team: 'shop' },
    annotations: { 'example.com/tier': 'gold' },
  },
  surroundings: {
    name: 'orders-may',
    version: PostgresVersion.V17,
    storage: { size: Size.gibibytes(100) },
    dataPath: 'data',
    instanceList: [
      { name: '1', storage: { size: Size.gibibytes(100), source: VolumeSource.existingClaim('old-data') } },
      { name: '2', storage: { size: Size.gibibytes(100), source: VolumeSource.persistentVolume({ matchLabels: { disk: 'nvme' }, supplementalGroups: [5001] }) } },
      { name: '3', walStorage: { size: Size.gibibytes(20), source: VolumeSource.ephemeral() } },
    ],
    resources: SMALL,
    backups: {
      repos: [
        PgBackRestRepo.posix({ storage: { size: Size.gibibytes(200), storageClass: 'slow' }, retention: { full: 14, fullType: RetentionType.TIME, differential: 3 } }),
        PgBackRestRepo.s3({
          endpoint: 's3.example.com:9000',
          bucket: 'backups',
          region: 'eu',
          path: '/may',
          uriStyle: S3UriStyle.PATH,
          credentialsSecret: 's3-keys',
          certificateAuthority: { secretName: 's3-ca', key: 'ca.crt' },
          passphrase: { secretName: 's3-passphrase', key: 'text' },
        }),
      ],
      schedules: [
        BackupSchedule.full('0 1 * * 0'), BackupSchedule.differential('0 1 * * 3'), BackupSchedule.incremental('0 1 * * 1-2,4-6', { timeZone: 'Europe/Vienna' }),
        BackupSchedule.full('0 3 1 * *', { repo: 2, name: 'monthly' }),
      ],
      resources: SMALL,
    },
    bootstrap: Bootstrap.fromBackup({
      repo: PgBackRestRepo.s3({ endpoint: 's3.example.com:9000', bucket: 'backups', region: 'eu', path: '/april', credentialsSecret: 's3-keys' }),
      stanza: 'orders',
      target: RecoveryTarget.time('2026-05-04T12:59:30Z'),
    }),
    metrics: { scrapeAnnotations: true, podMonitor: true, alerts: { maximumLag: Duration.seconds(10) }, dashboard: true, resources: SMALL, labels: { release: 'prometheus' } },
    services: {
      rw: { type: ServiceType.LOAD_BALANCER, annotations: { 'example.com/lb': 'internal' }, loadBalancerSourceRanges: ['10.0.0.0/8', '2001:db8::/32'] },
      ro: { type: ServiceType.NODE_PORT },
    },
    network: {
      clients: [NetworkPeer.sameNamespace(), NetworkPeer.pods({ labels: { app: 'till' }, namespace: 'shop' }), NetworkPeer.cidr('10.0.0.0/8')],
      scrapers: [NetworkPeer.namespace('monitoring')],
      egress: { apiServer: [NetworkPeer.cidr('10.0.0.10/32')], others: [NetworkPeer.cidr('192.0.2.0/24')] },
    },
    pooler: { resources: SMALL },
    metadata: { instances: { labels: { tier: 'gold' } }, repo: { annotations: { 'example.com/tier': 'archive' } } },
  },
};

/** The YAML of one of them. */
export function synthesize(name: string): string {
  const app = new App();
  const chart = new Chart(app, name, { namespace: name === 'full' ? 'shop' : undefined });
  new PostgresCluster(chart, 'orders', PROGRAMS[name]);
  return app.synthYaml();
}

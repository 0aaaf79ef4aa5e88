import { App, Chart, Size } from 'cdk8s';
import { ContainerResources, Cpu } from 'cdk8s-plus-28';
import { BackupSchedule, NetworkPeer, PgBackRestRepo, PodAntiAffinity, PoolMode, PostgresCluster, PostgresVersion, RetentionType, S3UriStyle } from 'cdk8s-postgres';

/**
 * Every part in one cluster: three zones, volumes of their own for write-ahead log and a tablespace, backups to a volume and to an S3 server of
 * one's own, a pooler, metrics with alerts and a dashboard (by the Prometheus Operator), and NetworkPolicies. TLS is everywhere without a word.
 *
 * The Secret `s3-access` has `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, the server's authority as `ca.crt`, and a `passphrase`.
 */
const app = new App({ outdir: process.env.CDK8S_OUTDIR ?? 'dist/manifests' });
const chart = new Chart(app, 'production');

const orders = new PostgresCluster(chart, 'orders', {
  version: PostgresVersion.V17,
  instanceList: [
    { name: '1', zone: 'a' },
    { name: '2', zone: 'b' },
    { name: '3', zone: 'c' },
  ],
  podAntiAffinity: PodAntiAffinity.REQUIRED,
  storage: { size: Size.gibibytes(100) },
  walStorage: { size: Size.gibibytes(20) },
  tablespaces: [{ name: 'history', storage: { size: Size.gibibytes(500) } }],
  resources: limited(Cpu.millis(500), Size.gibibytes(1)),
  parameters: { shared_buffers: '256MB', max_wal_size: '4GB', log_min_duration_statement: '1s' },

  backups: {
    repos: [
      PgBackRestRepo.posix({ storage: { size: Size.gibibytes(300) }, retention: { full: 2 } }),
      PgBackRestRepo.s3({
        endpoint: process.env.S3_ENDPOINT ?? 's3.example.com',
        region: 'us-east-1',
        bucket: 'backups',
        path: '/orders',
        uriStyle: S3UriStyle.PATH,
        credentialsSecret: 's3-access',
        certificateAuthority: { secretName: 's3-access', key: 'ca.crt' },
        passphrase: { secretName: 's3-access', key: 'passphrase' },
        retention: { full: 90, fullType: RetentionType.TIME },
      }),
    ],
    schedules: [
      BackupSchedule.full('0 1 * * 0'),
      BackupSchedule.incremental('0 1 * * 1-6'),
      BackupSchedule.full('0 3 1 * *', { repo: 2 }),
      BackupSchedule.differential('0 3 * * 1', { repo: 2 }),
    ],
    resources: limited(Cpu.millis(100), Size.mebibytes(512)),
  },

  pooler: { mode: PoolMode.TRANSACTION, poolSize: 30, maxClientConnections: 2000, resources: limited(Cpu.millis(100), Size.mebibytes(256)) },

  metrics: { podMonitor: true, alerts: {}, dashboard: true, resources: limited(Cpu.millis(50), Size.mebibytes(128)), labels: { release: 'prometheus' } },

  network: { clients: [NetworkPeer.sameNamespace()] },
  labels: { team: 'shop' },
});
orders.connections.allowFrom(NetworkPeer.namespace('reports'));

app.synth();

/** Memory is the same for request and limit, so that the node never takes back what PostgreSQL counts on; CPU may be more when there is some. */
function limited(cpu: Cpu, memory: Size): ContainerResources {
  return { cpu: { request: cpu, limit: Cpu.units(4) }, memory: { request: memory, limit: memory } };
}

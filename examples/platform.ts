import { ApiObject, App, Chart, JsonPatch, Size } from 'cdk8s';
import { Cpu, k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { BackupSchedule, PgBackRestRepo, PostgresCluster, PostgresVersion } from 'cdk8s-postgres';

/** What a team of this organisation says of its database; all else is decided once, below. */
interface DatabaseProps {
  readonly team: string;
  readonly gibibytes: number;
  /** Without one there is no failover: for what can be made anew. */
  readonly highlyAvailable?: boolean;
}

/** A database as this organisation runs it: backed up every night, labelled by who pays for it, and patched where the library has no prop. */
class Database extends Construct {
  readonly cluster: PostgresCluster;

  constructor(scope: Construct, id: string, { team, gibibytes, highlyAvailable = true }: DatabaseProps) {
    super(scope, id);
    this.cluster = new PostgresCluster(this, 'cluster', {
      name: id,
      version: PostgresVersion.V17,
      instances: highlyAvailable ? 3 : 1,
      storage: { size: Size.gibibytes(gibibytes), storageClass: 'encrypted' },
      resources: { cpu: { request: Cpu.units(1) }, memory: { request: Size.gibibytes(2), limit: Size.gibibytes(2) } },
      backups: {
        repos: [PgBackRestRepo.posix({ storage: { size: Size.gibibytes(3 * gibibytes) }, retention: { full: 2 } })],
        schedules: [BackupSchedule.full('0 2 * * 0'), BackupSchedule.incremental('0 2 * * 1-6')],
      },
      labels: { 'example.com/team': team },
    });
    // The escape hatch: every object that the library makes can be patched.
    for (const instance of this.cluster.instances) {
      ApiObject.of(instance.statefulSet).addJsonPatch(JsonPatch.add('/spec/template/spec/priorityClassName', 'database'));
    }
  }
}

const app = new App({ outdir: process.env.CDK8S_OUTDIR ?? 'dist/manifests' });
const chart = new Chart(app, 'platform', { namespace: 'shop' });
new Database(chart, 'orders', { team: 'shop', gibibytes: 100 });
new Database(chart, 'search', { team: 'shop', gibibytes: 20, highlyAvailable: false });
// Nobody gets more of this namespace than the two databases need, and one more while an instance is added.
new ApiObject(chart, 'quota', k8s.KubeResourceQuota.manifest({
  metadata: { name: 'databases' },
  spec: { hard: { 'requests.storage': k8s.Quantity.fromString('2Ti'), 'persistentvolumeclaims': k8s.Quantity.fromString('20') } },
}));
app.synth();

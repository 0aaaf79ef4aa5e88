import { App, Chart, Size } from 'cdk8s';
import { PostgresCluster, PostgresVersion } from 'cdk8s-postgres';

/**
 * What `npm run demo` applies: one instance in each of three zones, on small volumes. The demo builds its own images and names them to this
 * program; where it does not, the library's defaults stand.
 */
const app = new App({ outdir: process.env.CDK8S_OUTDIR ?? 'dist/manifests' });
const chart = new Chart(app, 'demo');
new PostgresCluster(chart, 'orders', {
  version: PostgresVersion.V17,
  instanceList: [
    { name: '1', zone: 'a' },
    { name: '2', zone: 'b' },
    { name: '3', zone: 'c' },
  ],
  storage: { size: Size.gibibytes(1) },
  images: {
    postgres: process.env.POSTGRES_IMAGE,
    agent: process.env.AGENT_IMAGE,
  },
});
app.synth();

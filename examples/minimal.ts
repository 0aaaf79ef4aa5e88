import { App, Chart, Size } from 'cdk8s';
import { PostgresCluster, PostgresVersion } from 'cdk8s-postgres';

const app = new App();
const chart = new Chart(app, 'minimal');
new PostgresCluster(chart, 'orders', {
  version: PostgresVersion.V17,
  storage: { size: Size.gibibytes(10) },
});
app.synth();

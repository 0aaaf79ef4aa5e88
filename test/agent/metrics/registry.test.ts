import { Metrics } from '../../../src/agent/metrics/registry.js';

test('metrics are told with their labels, as Prometheus reads them', () => {
  const metrics = new Metrics(() => ({ cluster: 'orders' }));
  metrics.gauge('primary', 'Leads.', () => true);
  metrics.gauge('problem', 'A \\ and\na line', () => [{ labels: { code: 'say "no"\\\n' }, value: 1 }]);
  metrics.gauge('age_seconds', 'Age.', () => Infinity);
  expect(metrics.render()).toBe([
    '# HELP cdk8s_postgres_primary Leads.', '# TYPE cdk8s_postgres_primary gauge', 'cdk8s_postgres_primary{cluster="orders"} 1',
    '# HELP cdk8s_postgres_problem A \\\\ and\\na line', '# TYPE cdk8s_postgres_problem gauge', 'cdk8s_postgres_problem{cluster="orders",code="say \\"no\\"\\\\\\n"} 1',
    '# HELP cdk8s_postgres_age_seconds Age.', '# TYPE cdk8s_postgres_age_seconds gauge', 'cdk8s_postgres_age_seconds{cluster="orders"} +Inf', '',
  ].join('\n'));
});

test('what is not known now is left out, not told as 0', () => {
  const metrics = new Metrics(() => ({}));
  metrics.gauge('lag_bytes', 'Lag.', () => null);
  metrics.gauge('problem', 'Trouble.', () => []);
  metrics.gauge('ready', 'Ready.', () => false);
  expect(metrics.render()).toBe('# HELP cdk8s_postgres_ready Ready.\n# TYPE cdk8s_postgres_ready gauge\ncdk8s_postgres_ready 0\n');
});

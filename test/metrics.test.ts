import { Cpu } from 'cdk8s-plus-28';
import { Manifest, render } from './synth/render';

const on = () => render({ metrics: {} });

test('without the prop there is neither an exporter nor a right, a Secret or a volume for one', () => {
  const manifests = render();
  expect(manifests.pod().spec.containers.map(({ name }: Manifest) => name)).toEqual(['postgres']);
  expect(JSON.stringify(manifests.all)).not.toMatch(/monitoring|prometheus/);
});

test('with it, each instance\'s pod has an exporter beside the server, from the same image', () => {
  for (const instance of ['1', '2', '3']) {
    const exporter = on().container('exporter', instance);
    expect(exporter.image).toBe(on().container('postgres', instance).image);
    expect(exporter.ports).toEqual([{ name: 'metrics', containerPort: 9187, protocol: 'TCP' }]);
  }
  expect(on().pod().spec.containers[0].name).toBe('postgres');
});

test('the exporter sees its own certificate and nothing else of the pod: no data, no socket, no other key, no password', () => {
  const exporter = on().container('exporter');
  expect(exporter.volumeMounts).toEqual([{ name: 'monitoring', mountPath: '/run/monitoring', readOnly: true }]);
  expect(on().pod().spec.volumes.find(({ name }: Manifest) => name === 'monitoring')).toEqual({ name: 'monitoring', emptyDir: { medium: 'Memory' } });
  const [{ value, ...rest }] = exporter.env;
  expect(rest).toEqual({ name: 'DATA_SOURCE_NAME' });
  expect(value).toMatch(/^postgresql:\/\/cdk8s_monitor@localhost:5432\/postgres\?sslmode=verify-full&sslrootcert=\/run\/monitoring\/ca.crt&/);
  expect(exporter.securityContext).toEqual(on().container().securityContext);
});

test('the agents may fill the exporter\'s Secret, which is synthesized without data, and know of it', () => {
  const secrets = on().one('Role', 'orders-agent').rules.find(({ resources }: Manifest) => resources[0] === 'secrets');
  expect(secrets.resourceNames).toContain('orders-monitoring');
  expect(on().one('Secret', 'orders-monitoring')).not.toHaveProperty('data');
  expect(on().spec().objects.monitoringSecret).toBe('orders-monitoring');
  expect(render().spec().objects).not.toHaveProperty('monitoringSecret');
});

test('an exporter that ends, or has no certificate yet, takes no database out of its Services: its container goes on and has no probe', () => {
  const exporter = on().container('exporter');
  expect(exporter.command.slice(0, 2)).toEqual(['/bin/sh', '-c']);
  expect(exporter.command[2]).toContain('until [ -n "$exporter" ] && [ -s /run/monitoring/client.crt ]; do');
  for (const probe of ['livenessProbe', 'readinessProbe', 'startupProbe']) expect(exporter).not.toHaveProperty(probe);
});

test('image and resources of the exporter are the user\'s where given', () => {
  const exporter = render({ metrics: { image: 'registry/exporter:1', resources: { cpu: { limit: Cpu.millis(100) } } } }).container('exporter');
  expect(exporter).toMatchObject({ image: 'registry/exporter:1', resources: { limits: { cpu: '100m' } } });
});

test('annotations for Prometheus are there when asked for: pods name the exporter\'s port, the headless Service the agents\', and a user\'s own stand', () => {
  const annotated = render({ metrics: { scrapeAnnotations: true }, annotations: { 'prometheus.io/path': '/other' } });
  expect(annotated.pod().metadata.annotations).toEqual({ 'prometheus.io/scrape': 'true', 'prometheus.io/port': '9187', 'prometheus.io/path': '/other' });
  expect(annotated.one('Service', 'orders-instances').metadata.annotations).toMatchObject({ 'prometheus.io/scrape': 'true', 'prometheus.io/port': '8008' });
  expect(annotated.one('Service', 'orders-rw').metadata.annotations).toEqual({ 'prometheus.io/path': '/other' });
});

test('a PodMonitor leads to the exporter and the agent of each instance, by the names of their ports', () => {
  const manifests = render({ metrics: { podMonitor: true, labels: { release: 'prometheus' } } });
  const { metadata, spec } = manifests.one('PodMonitor', 'orders-metrics');
  expect(metadata.labels).toMatchObject({ release: 'prometheus' });
  expect(manifests.pod().metadata.labels).toMatchObject(spec.selector.matchLabels);
  const ports = manifests.pod().spec.containers.flatMap((container: Manifest) => container.ports).map(({ name }: Manifest) => name);
  for (const { port } of spec.podMetricsEndpoints) expect(ports).toContain(port);
  expect(spec.podMetricsEndpoints.map(({ path }: Manifest) => path ?? '/metrics')).toEqual(['/metrics', '/metrics']);
});

test('what needs kinds of the Prometheus Operator is there only when asked for', () => {
  expect(on().all.map(({ kind }) => kind)).not.toEqual(expect.arrayContaining([expect.stringMatching(/PodMonitor|PrometheusRule/)]));
  expect(on().ofKind('ConfigMap').map(({ metadata }) => metadata.name)).toEqual(['orders-spec']);
});

describe('the dashboard', () => {
  const configMap = () => render({ metrics: { dashboard: true } }, 'shop').one('ConfigMap', 'orders-dashboard');
  const panels = (): Manifest[] => JSON.parse(configMap().data['orders-dashboard.json']).panels;

  test('is found by Grafana\'s sidecar', () => {
    expect(configMap().metadata.labels).toMatchObject({ grafana_dashboard: '1' });
  });

  test('asks for this cluster only, and holds nothing that Flux would substitute', () => {
    for (const { expr } of panels().flatMap(({ targets }) => targets)) {
      for (const [, matchers] of expr.matchAll(/\b(?:pg|cdk8s_postgres)_\w+\{([^}]*)\}/g)) expect(matchers).toMatch(/^namespace="shop",cdk8s_postgres_cluster="orders"/);
    }
    expect(JSON.stringify(configMap())).not.toContain('${');
  });

  test('has no two panels in one place', () => {
    const cells = panels().flatMap(({ gridPos: { x, y, w, h } }) => Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`));
    expect(new Set(cells).size).toBe(cells.length);
    for (const { gridPos: { x, w } } of panels()) expect(x + w).toBeLessThanOrEqual(24);
  });
});

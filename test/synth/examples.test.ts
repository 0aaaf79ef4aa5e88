import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { EXAMPLES, yamlOf } from './example';
import { Manifests } from './render';

const run = (example: string, environment?: { [name: string]: string }): Manifests =>
  new Manifests(parseAllDocuments(yamlOf(example, environment)).map((document) => document.toJS()));

test.each(readdirSync(EXAMPLES).filter((file) => file.endsWith('.ts')))('the example %s synthesizes a cluster', (example) => {
  expect(run(example).ofKind('StatefulSet').length).toBeGreaterThan(0);
});

test('the smallest example is no longer than ten lines', () => {
  expect(readFileSync(join(EXAMPLES, 'minimal.ts'), 'utf8').trim().split('\n').length).toBeLessThanOrEqual(10);
});

test('the production example puts one instance in each of three zones, and takes its images from the environment', () => {
  const manifests = run('production.ts', { RELATED_IMAGE_POSTGRES_17: 'localhost/pg:1', RELATED_IMAGE_AGENT: 'localhost/agent:1' });
  const zones = ['1', '2', '3'].map((name) => (
    manifests.pod(name).spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].values));
  expect(zones).toEqual([['a'], ['b'], ['c']]);
  expect([manifests.container().image, manifests.container('agent').image]).toEqual(['localhost/pg:1', 'localhost/agent:1']);
  expect(run('production.ts').container().image).toBe('ghcr.io/cdk8s-postgres/postgres:17');
});

test('the production example has every part, and says the same on every machine', () => {
  const kinds = (manifests: Manifests) => new Set(manifests.all.map(({ kind }) => kind));
  expect([...kinds(run('production.ts'))]).toEqual(expect.arrayContaining(['CronJob', 'Deployment', 'NetworkPolicy', 'PodDisruptionBudget', 'PodMonitor', 'PrometheusRule']));
  expect(run('production.ts').ofKind('PersistentVolumeClaim')).toHaveLength(3 * 3 + 1);
  expect(yamlOf('production.ts')).toBe(yamlOf('production.ts'));
});

test('the platform example patches each instance of its two clusters where the library has no prop', () => {
  const manifests = run('platform.ts');
  const instances = manifests.ofKind('StatefulSet').filter(({ metadata }) => !metadata.name.endsWith('-repo'));
  expect(instances.map(({ metadata }) => metadata.name).sort()).toEqual(['orders-1', 'orders-2', 'orders-3', 'search-1']);
  expect(instances.map(({ spec }) => spec.template.spec.priorityClassName)).toEqual(Array(4).fill('database'));
});

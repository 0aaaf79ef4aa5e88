import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { PROGRAMS, synthesize } from './programs';
import type { Manifest } from './render';

const names = Object.keys(PROGRAMS);

test.each(names)('the output of the program %j is what was reviewed', (name) => {
  expect(synthesize(name)).toMatchSnapshot();
});

test.each(names)('the program %j gives the same bytes in any process, time zone, language and folder', (name) => {
  const elsewhere = execFileSync(process.execPath, [
    '-r', require.resolve('ts-node/register/transpile-only'),
    '-e', `process.stdout.write(require(${JSON.stringify(join(__dirname, 'programs.ts'))}).synthesize(${JSON.stringify(name)}))`,
  ], {
    cwd: tmpdir(),
    encoding: 'utf8',
    env: { PATH: process.env.PATH, TS_NODE_PROJECT: join(__dirname, '..', 'tsconfig.json'), TZ: 'Asia/Kathmandu', LC_ALL: 'tr_TR.UTF-8', HOME: '/nonexistent' },
  });
  expect(elsewhere).toBe(synthesize(name));
});

describe.each(names)('the output of the program %j', (name) => {
  const yaml = synthesize(name);
  const objects = parseAllDocuments(yaml).map((document) => document.toJS() as Manifest);

  test('has no null, no empty map but for plain volumes and selectors of everything, and nothing that Flux would substitute', () => {
    expect(yaml).not.toContain('${');
    // Alerts and dashboards have templates of Prometheus and Grafana.
    expect(JSON.stringify(objects.filter(({ kind, metadata }) => kind !== 'PrometheusRule' && !/-dashboard$/.test(metadata.name)))).not.toContain('{{');
    const empties = found(objects, (value) => value === null || (typeof value === 'object' && Object.keys(value).length === 0));
    expect(empties.filter((path) => !/\.(emptyDir|podSelector|namespaceSelector)$/.test(path))).toEqual([]);
  });

  test('has names in every list that server-side apply merges by name, each once', () => {
    const pods = objects.map(({ spec }) => (spec?.jobTemplate?.spec ?? spec)?.template?.spec).filter((pod) => pod !== undefined);
    expect(pods).not.toEqual([]);
    for (const { volumes, containers, initContainers = [] } of pods) {
      const ofContainers = [...containers, ...initContainers].flatMap(({ env, ports }) => [env ?? [], ports ?? []]);
      for (const list of [volumes, containers, initContainers, ...ofContainers]) {
        const keys = list.map((item: Manifest) => item.name);
        expect(keys).toEqual([...new Set(keys)]);
        expect(keys).not.toContain(undefined);
      }
    }
  });

  test('holds nothing that is made at run time', () => {
    expect(objects.map(({ kind }) => kind).filter((kind) => /^(Lease|EndpointSlice|Endpoints|Job)$/.test(kind))).toEqual([]);
    expect(found(objects, (_, key) => ['status', 'creationTimestamp', 'volumeName', 'resourceVersion'].includes(key))).toEqual([]);
  });

  test('loses no claim and no Secret when it goes from Git, and leaves nothing else behind', () => {
    const kept = ({ metadata: { annotations = {} } }: Manifest) => [
      annotations['kustomize.toolkit.fluxcd.io/prune'] === 'disabled',
      ['Prune=false', 'Delete=false'].every((option) => annotations['argocd.argoproj.io/sync-options']?.split(',').includes(option)),
    ];
    for (const object of objects) {
      const holdsData = ['PersistentVolumeClaim', 'Secret'].includes(object.kind);
      expect([object.kind, object.metadata.name, ...kept(object)]).toEqual([object.kind, object.metadata.name, holdsData, holdsData]);
    }
  });

  test('stays below the size that client-side apply can take', () => {
    for (const object of objects) expect(JSON.stringify(object).length).toBeLessThan(256 * 1024);
  });
});

/** Paths of the values that match. */
function found(value: Manifest, matches: (value: Manifest, key: string) => boolean, path = ''): string[] {
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inner]) => [
    ...matches(inner, key) ? [`${path}.${key}`] : [],
    ...found(inner, matches, `${path}.${key}`),
  ]);
}

import { Size } from 'cdk8s';
import { ConfigSource, PgBackRestRepo } from '../src/index';
import { Manifest, program, render } from './synth/render';

const tuning = ConfigSource.configMap('tuning', { key: 'custom.conf' });
const hidden = ConfigSource.secret('hidden', { key: 'secret.conf' });
const repos = [PgBackRestRepo.posix({ storage: { size: Size.gibibytes(1) } })];

/** What a Role lets be read of objects that are not the cluster's own. */
const foreign = (role: Manifest, resource: string) => role.rules
  .filter(({ resources, verbs }: Manifest) => resources.includes(resource) && verbs.join() === 'get')
  .map(({ resourceNames }: Manifest) => resourceNames);

test('the agents are told which files there are, in the program\'s order, and may read those objects by name and nothing more', () => {
  const manifests = render({ configuration: [tuning, hidden, ConfigSource.configMap('tuning', { key: 'more.conf' })] });
  expect(manifests.spec().configuration).toEqual([
    { kind: 'ConfigMap', name: 'tuning', key: 'custom.conf' }, { kind: 'Secret', name: 'hidden', key: 'secret.conf' }, { kind: 'ConfigMap', name: 'tuning', key: 'more.conf' },
  ]);
  const role = manifests.one('Role', 'orders-agent');
  expect(foreign(role, 'configmaps')).toEqual([['tuning']]);
  expect(foreign(role, 'secrets')).toEqual([['hidden']]);
});

test('no pod is another one for it, so that no file and no list of files restarts a server', () => {
  expect(render({ configuration: [tuning, hidden] }).ofKind('StatefulSet')).toEqual(render().ofKind('StatefulSet'));
  expect(render({ backups: { repos, configuration: [tuning] } }).ofKind('StatefulSet')).toEqual(render({ backups: { repos } }).ofKind('StatefulSet'));
});

test('without a file there is neither a field nor a right', () => {
  expect(render({ configuration: [] }).all).toEqual(render().all);
  expect(render().spec()).not.toHaveProperty('configuration');
  expect(foreign(render().one('Role', 'orders-agent'), 'configmaps')).toEqual([]);
});

test('pgBackRest\'s files are read by the instances and by the repo host', () => {
  const manifests = render({ backups: { repos, configuration: [tuning, hidden] }, configuration: [ConfigSource.configMap('other', { key: 'x' })] });
  expect(manifests.spec().backups!.configuration).toEqual([{ kind: 'ConfigMap', name: 'tuning', key: 'custom.conf' }, { kind: 'Secret', name: 'hidden', key: 'secret.conf' }]);
  expect(foreign(manifests.one('Role', 'orders-agent'), 'configmaps')).toEqual([['other', 'tuning']]);
  expect(foreign(manifests.one('Role', 'orders-agent'), 'secrets')).toEqual([['hidden']]);
  expect(foreign(manifests.one('Role', 'orders-repo'), 'configmaps')).toEqual([['tuning']]);
  expect(foreign(manifests.one('Role', 'orders-repo'), 'secrets')).toEqual([['orders-pgbackrest', 'hidden']]);
});

test.each([
  [ConfigSource.configMap('Tuning', { key: 'a' }), '"configuration[0]" names the ConfigMap "Tuning"'],
  [ConfigSource.secret('', { key: 'a' }), '"configuration[0]" names the Secret ""'],
  [ConfigSource.secret('hidden', { key: 'a b' }), '"configuration[0].key" is "a b"; give a key of the Secret'],
])('%j is refused', (source, message) => {
  expect(() => program({ configuration: [source] })).toThrow(message);
});

test('a file is named once, because its place says what it outranks', () => {
  expect(() => program({ configuration: [tuning, hidden, tuning] })).toThrow('"configuration[2]" is key "custom.conf" of ConfigMap "tuning" once more');
});

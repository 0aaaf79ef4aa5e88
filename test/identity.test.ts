import { Size } from 'cdk8s';
import { PgBackRestRepo, Routing } from '../src/index';
import { Manifest, render } from './synth/render';

const WITHOUT_NAMES = [
  'configmaps create', 'endpoints/restricted create', 'endpointslices create', 'endpointslices/restricted create', 'events create', 'events patch',
  'leases create', 'persistentvolumeclaims get', 'persistentvolumeclaims list', 'pods get', 'pods list', 'pods watch',
  'statefulsets get', 'statefulsets list', 'statefulsets watch',
];

const rules = (routing?: Routing): Manifest[] => render({ routing }).one('Role', 'orders-agent').rules;
const rights = (list: Manifest[]): string[] => [...new Set(list.flatMap(({ resources, verbs }) => (
  resources.flatMap((resource: string) => verbs.map((verb: string) => `${resource} ${verb}`)))))].sort();

test('the agents may change only this cluster\'s own objects, by name, but for what Kubernetes cannot limit by name', () => {
  expect(rights(rules().filter(({ resourceNames }) => !resourceNames))).toEqual(WITHOUT_NAMES);
});

test('the agents cannot make or list Secrets, and read and write exactly those of the cluster', () => {
  const secrets = rules().filter(({ resources }) => resources.includes('secrets'));
  expect(secrets).toEqual([{
    apiGroups: [''],
    resources: ['secrets'],
    resourceNames: ['orders-ca', 'orders-server', 'orders-replication', 'orders-rewind', 'orders-agent', 'orders-viewer', 'orders-operator', 'orders-admin', 'orders-app-user'],
    verbs: ['get', 'update'],
  }]);
  expect(render().ofKind('Secret').map(({ metadata }) => metadata.name).sort()).toEqual([...secrets[0].resourceNames].sort());
});

test('no rule has a wildcard, and none reaches beyond the namespace', () => {
  expect(JSON.stringify(rules())).not.toContain('*');
  expect(render().all.map(({ kind }) => kind).filter((kind) => kind.startsWith('Cluster'))).toEqual([]);
});

test('pods and volumes that may be changed are those of the listed instances', () => {
  const named = (resource: string) => rules()
    .filter(({ resources, resourceNames }) => resources.includes(resource) && resourceNames)
    .map(({ resourceNames }) => resourceNames);
  expect(named('pods')).toEqual([['orders-1-0', 'orders-2-0', 'orders-3-0']]);
  expect(named('persistentvolumeclaims')).toEqual([['orders-1-data', 'orders-2-data', 'orders-3-data']]);
});

test('with routing by selector nothing is asked for that a namespace\'s own admin could not grant', () => {
  expect(rights(rules(Routing.SELECTOR)).filter((right) => right.startsWith('endpoint'))).toEqual([]);
});

test('the binding finds the account in whatever namespace both are put', () => {
  expect(render().one('RoleBinding', 'orders-agent')).toMatchObject({
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'orders-agent' },
    subjects: [{ kind: 'ServiceAccount', name: 'orders-agent' }],
  });
  expect(render().one('RoleBinding', 'orders-agent').subjects[0]).not.toHaveProperty('namespace');
});

test('only the instances\' pods get the account\'s token', () => {
  expect(render().one('ServiceAccount', 'orders-agent').automountServiceAccountToken).toBe(false);
  expect(render().pod().spec).toMatchObject({ serviceAccountName: 'orders-agent', automountServiceAccountToken: true });
});

test('where containers run beside the agent\'s, its own alone gets the token', () => {
  const pod = render({ metrics: {}, backups: { repos: [PgBackRestRepo.posix({ storage: { size: Size.gibibytes(1) } })] } }).pod();
  const withToken = pod.spec.containers.filter(({ volumeMounts }: Manifest) => (
    volumeMounts.some(({ mountPath }: Manifest) => mountPath === '/var/run/secrets/kubernetes.io/serviceaccount')));
  expect(pod.spec.automountServiceAccountToken).toBe(false);
  expect(pod.spec.containers.map(({ name }: Manifest) => name)).toEqual(['postgres', 'pgbackrest', 'exporter']);
  expect(withToken.map(({ name }: Manifest) => name)).toEqual(['postgres']);
});

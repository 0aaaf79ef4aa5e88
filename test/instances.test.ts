import { Size } from 'cdk8s';
import { Cpu } from 'cdk8s-plus-28';
import { PodAntiAffinity } from '../src/index';
import { program, render } from './synth/render';

const ZONE = 'topology.kubernetes.io/zone';

test('a number of instances and the same instances listed give the same bytes', () => {
  expect(JSON.stringify(render({ instances: 2 }).all)).toBe(JSON.stringify(render({ instanceList: [{ name: '1' }, { name: '2' }] }).all));
});

test.each([
  [{ instances: 0 }, '"instances" is 0; give a whole number from 1 on'],
  [{ instances: 2.5 }, '"instances" is 2.5'],
  [{ instances: 2, instanceList: [{ name: '1' }] }, '"instances" is 2, and "instanceList" is given too; give one of the two'],
  [{ instanceList: [] }, '"instanceList" is empty'],
  [{ instanceList: [{ name: 'a' }, { name: 'b' }, { name: 'a' }] }, '"instanceList" names "a" more than once'],
  [{ instanceList: [{ name: 'Zone_A' }] }, '"name" of the instance is "Zone_A"'],
  [{ instanceList: [{ name: 'rw' }] }, '"name" of the instance is "rw", which ends the name of another object'],
  [{ instanceList: [{ name: '1', zone: '' }] }, '"zone" is ""'],
  [{ uid: 0 }, '"uid" is 0'],
])('%j is refused', (props, message) => {
  expect(() => program(props)).toThrow(message);
  expect(() => program(props)).toThrow('[demo/orders');
});

test('an instance takes from the cluster what it does not say itself', () => {
  const manifests = render({
    storage: { size: Size.gibibytes(10), storageClass: 'fast' },
    walStorage: { size: Size.gibibytes(4) },
    resources: { cpu: { request: Cpu.millis(500) } },
    labels: { team: 'shop' },
    instanceList: [
      { name: 'a' },
      { name: 'b', storage: { size: Size.gibibytes(20) }, resources: { cpu: { request: Cpu.units(2) } }, labels: { rack: '7' } },
    ],
  });
  const claim = (name: string) => manifests.one('PersistentVolumeClaim', name).spec;
  expect(claim('orders-a-data')).toMatchObject({ storageClassName: 'fast', resources: { requests: { storage: '10Gi' } } });
  expect(claim('orders-b-data').resources.requests.storage).toBe('20Gi');
  expect(claim('orders-b-data')).not.toHaveProperty('storageClassName');
  expect(claim('orders-b-wal').resources.requests.storage).toBe('4Gi');
  expect(manifests.container('postgres', 'a').resources).toEqual({ requests: { cpu: '500m' } });
  expect(manifests.container('postgres', 'b').resources).toEqual({ requests: { cpu: '2' } });
  expect(manifests.pod('b').metadata.labels).toMatchObject({ team: 'shop', rack: '7' });
});

test('resources appear only where set, the same for the short-lived copier, so that quotas and guaranteed quality hold', () => {
  expect(render().container()).not.toHaveProperty('resources');
  const manifests = render({
    resources: { memory: { request: Size.mebibytes(2048), limit: Size.gibibytes(2) }, ephemeralStorage: { limit: Size.gibibytes(1) } },
  });
  const expected = { requests: { memory: '2Gi' }, limits: { 'memory': '2Gi', 'ephemeral-storage': '1Gi' } };
  expect(manifests.container().resources).toEqual(expected);
  expect(manifests.container('agent').resources).toEqual(expected);
});

test('an instance on its way out is told to the agents, and its pod is not touched', () => {
  const staying = render({ instanceList: [{ name: '1' }, { name: '2' }] });
  const leaving = render({ instanceList: [{ name: '1' }, { name: '2', retire: true }] });
  expect(leaving.spec().instances.map(({ retire }) => retire)).toEqual([false, true]);
  expect(leaving.ofKind('StatefulSet')).toEqual(staying.ofKind('StatefulSet'));
});

test('a zone is required of every alternative that the user\'s own node affinity allows', () => {
  const manifests = render({
    instanceList: [{
      name: '1',
      zone: 'a',
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: 'disk', operator: 'In', values: ['ssd'] }] },
            { matchExpressions: [{ key: 'disk', operator: 'In', values: ['nvme'] }] },
          ],
        },
        preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: { matchExpressions: [{ key: 'old', operator: 'DoesNotExist' }] } }],
      },
      tolerations: [{ key: 'database', operator: 'Exists', effect: 'NoSchedule' }],
    }],
  });
  const inZone = { key: ZONE, operator: 'In', values: ['a'] };
  expect(manifests.pod().spec.affinity.nodeAffinity).toEqual({
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [
        { matchExpressions: [{ key: 'disk', operator: 'In', values: ['ssd'] }, inZone] },
        { matchExpressions: [{ key: 'disk', operator: 'In', values: ['nvme'] }, inZone] },
      ],
    },
    preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: { matchExpressions: [{ key: 'old', operator: 'DoesNotExist' }] } }],
  });
  expect(manifests.pod().spec.tolerations).toEqual([{ key: 'database', operator: 'Exists', effect: 'NoSchedule' }]);
});

test('instances keep apart by preference, by force or not at all', () => {
  const antiAffinity = (podAntiAffinity?: PodAntiAffinity) => render({ podAntiAffinity }).pod().spec.affinity?.podAntiAffinity;
  const byNode = (term: { podAffinityTerm: { topologyKey: string }; weight: number }) => [term.podAffinityTerm.topologyKey, term.weight];
  expect(antiAffinity().preferredDuringSchedulingIgnoredDuringExecution.map(byNode)).toEqual([['kubernetes.io/hostname', 100], [ZONE, 50]]);
  expect(antiAffinity(PodAntiAffinity.PREFERRED)).toEqual(antiAffinity());
  expect(antiAffinity(PodAntiAffinity.REQUIRED).requiredDuringSchedulingIgnoredDuringExecution).toEqual([{
    topologyKey: 'kubernetes.io/hostname',
    labelSelector: { matchLabels: { 'cdk8s-postgres/cluster': 'orders', 'cdk8s-postgres/component': 'instance' } },
  }]);
  expect(antiAffinity(PodAntiAffinity.DISABLED)).toBeUndefined();
});

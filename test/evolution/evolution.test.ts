import { golden } from './golden';
import { breakingChanges } from './rules';
import { PROGRAMS, synthesize } from '../synth/programs';

test.each(Object.keys(PROGRAMS))('the unchanged program %j loses no object, no immutable field and no running pod to this release', (name) => {
  expect(breakingChanges(golden(name), synthesize(name))).toEqual([]);
});

describe('the rules notice', () => {
  const before = golden('full');
  const edited = (from: string | RegExp, to: string) => {
    const after = before.replace(from, to);
    expect(after).not.toBe(before);
    return breakingChanges(before, after);
  };

  test.each([
    ['a renamed object', /name: orders-1-data$/m, 'name: orders-1-pgdata', 'PersistentVolumeClaim/shop/orders-1-data is gone'],
    ['an object in another namespace', /namespace: shop/, 'namespace: store', 'Service/shop/orders-rw is gone'],
    ['another governing Service', 'serviceName: orders-instances', 'serviceName: orders-pods', 'StatefulSet/shop/orders-1: spec.serviceName changed'],
    ['another selector', /(kind: StatefulSet[\s\S]*?matchLabels:)/, '$1\n      extra: label', 'StatefulSet/shop/orders-1: spec.selector changed'],
    ['another start-up order', 'podManagementPolicy: OrderedReady', 'podManagementPolicy: Parallel', 'StatefulSet/shop/orders-1: spec.podManagementPolicy changed'],
    ['another pod template', 'terminationGracePeriodSeconds: 120', 'terminationGracePeriodSeconds: 60', 'StatefulSet/shop/orders-1: spec.template changed'],
    ['pods that restart by themselves', 'type: OnDelete', 'type: RollingUpdate', 'StatefulSet/shop/orders-1: spec.updateStrategy changed'],
    ['another storage class', 'storageClassName: fast', 'storageClassName: slow', 'PersistentVolumeClaim/shop/orders-1-data: spec.storageClassName changed'],
    ['a smaller volume', 'storage: 100Gi', 'storage: 99Gi', 'PersistentVolumeClaim/shop/orders-1-data: shrank from 100Gi to 99Gi'],
    ['a Secret of another type', 'type: Opaque', 'type: kubernetes.io/tls', 'Secret/shop/orders-ca: type changed'],
    ['a headless Service that is no longer', 'clusterIP: None', 'clusterIP: ""', 'Service/shop/orders-instances: spec.clusterIP changed'],
    ['a lost protection', 'kustomize.toolkit.fluxcd.io/prune: disabled', 'example.com/prune: disabled', 'Secret/shop/orders-ca: kustomize.toolkit.fluxcd.io/prune changed'],
    ['a binding to another role', /(roleRef:\n.*\n.*\n\s+name: )orders-agent/, '$1orders', 'RoleBinding/shop/orders-agent: roleRef changed'],
  ])('%s', (_, from, to, finding) => {
    expect(edited(from, to)[0]).toContain(finding);
  });

  test('and let pass a volume that grows, a new object, and new settings', () => {
    expect(edited('storage: 100Gi', 'storage: 1Ti')).toEqual([]);
    expect(edited(/$/, '---\nkind: ConfigMap\nmetadata:\n  name: new\n')).toEqual([]);
    expect(edited('"shared_buffers": "2GB"', '"shared_buffers": "4GB"')).toEqual([]);
  });
});

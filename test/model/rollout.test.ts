/** Which pod is replaced next. */
import { planRollout, TEMPLATES_SETTLE, type RolloutInstance, type RolloutPod, type RolloutView } from '../../src/agent/core/rollout';

const pod = (instance: string, more: Partial<RolloutPod> = {}): RolloutPod =>
  ({ instance, uid: `uid-${instance}`, name: `orders-${instance}-0`, revision: 'old', ready: true, leaving: false, ...more });
const set = (name: string, more: Partial<RolloutInstance> = {}): RolloutInstance => ({ name, updateRevision: 'new', major: '17', ...more });
const view = (more: Partial<RolloutView> = {}): RolloutView => ({
  me: '1', instances: ['1', '2', '3'].map((name) => set(name)), pods: ['1', '2', '3'].map((name) => pod(name)),
  unchangedFor: TEMPLATES_SETTLE, specMajor: '17', dataMajor: '17', ...more,
});
const replaced = (step: ReturnType<typeof planRollout>) => (step.kind === 'replace' ? step.pod.instance : step.kind === 'blocked' ? step.code : step.kind);

test('replicas are replaced first, one by one, and the leader last', () => {
  const order: (string | null)[] = [];
  let pods = view().pods;
  for (let i = 0; i < 4; i++) {
    const next = replaced(planRollout(view({ pods })));
    order.push(next);
    pods = pods.map((p) => (p.instance === next ? { ...p, revision: 'new' } : p));
  }
  expect(order).toEqual(['2', '3', '1', 'none']);
});

test('nothing is replaced while the templates still change, so that the leader does not take its replicas for up to date', () => {
  const onlyMine = [set('1'), set('2', { updateRevision: 'old' }), set('3', { updateRevision: 'old' })];
  expect(replaced(planRollout(view({ instances: onlyMine, unchangedFor: TEMPLATES_SETTLE - 1 })))).toBe('settling');
  expect(replaced(planRollout(view({ instances: [set('1'), set('2', { updateRevision: null }), set('3')] })))).toBe('settling');
});

test('a template of another major touches no pod, even when the spec of the same commit has not arrived yet', () => {
  expect(replaced(planRollout(view({ instances: ['1', '2', '3'].map((name) => set(name, { major: '18' })) })))).toBe('MajorMismatch');
  expect(replaced(planRollout(view({ specMajor: '18' })))).toBe('MajorMismatch');
  expect(replaced(planRollout(view({ instances: ['1', '2', '3'].map((name) => set(name, { major: null })) })))).toBe('2');
});

test('while an instance is down, no other one is replaced', () => {
  const down = (more: Partial<RolloutPod>) => [pod('1'), pod('2'), pod('3', { revision: 'new', ...more })];
  expect(replaced(planRollout(view({ pods: down({ ready: false }) })))).toBe('RolloutWaiting');
  expect(replaced(planRollout(view({ pods: down({ leaving: true }) })))).toBe('RolloutWaiting');
  expect(replaced(planRollout(view({ pods: [pod('1'), pod('2')] })))).toBe('RolloutWaiting');
});

test('a replica that is down on an outdated template is replaced, because the new one may be its cure', () => {
  expect(replaced(planRollout(view({ pods: [pod('1'), pod('2'), pod('3', { ready: false })] })))).toBe('3');
});

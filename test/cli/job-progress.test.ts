import { overdue, progressOf } from '../../src/cli/job-progress';

type V1Job = Parameters<typeof progressOf>[0];
type V1Pod = NonNullable<Parameters<typeof progressOf>[1]>;

const job = (type?: string, more: object = {}): V1Job => ({ status: type === undefined ? {} : { conditions: [{ type, status: 'True', ...more }] } });
const pod = (status: V1Pod['status']): V1Pod => ({ metadata: { name: 'orders-full-x-y' }, status });
const waitingFor = (waiting: { reason: string; message?: string }) => pod({
  phase: 'Pending', containerStatuses: [{ name: 'backup', image: '', imageID: '', ready: false, restartCount: 0, state: { waiting } }],
});
const UNSCHEDULABLE = pod({ phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes are available' }] });

test.each([
  ['no node takes it', UNSCHEDULABLE, 'Unschedulable: 0/3 nodes are available'],
  ['its image cannot be had', waitingFor({ reason: 'ImagePullBackOff', message: 'no such image' }), 'ImagePullBackOff: no such image'],
  ['it takes what every pod takes', waitingFor({ reason: 'ContainerCreating' }), null],
])('a pod that has not started says why: %s', (_, waiting, why) => {
  expect(progressOf(job(), waiting)).toEqual({ kind: 'waits', pod: 'orders-full-x-y', why });
});

test('a Job that failed before its pod started has ended, for the pod\'s reason or its own', () => {
  const evicted = pod({ phase: 'Failed', reason: 'Evicted', message: 'the node was low on memory' });
  expect(progressOf(job('Failed', { reason: 'BackoffLimitExceeded' }), evicted)).toEqual({ kind: 'ended', ok: false, why: 'Evicted: the node was low on memory' });
  expect(progressOf(job('Failed', { reason: 'DeadlineExceeded', message: 'too late' }), undefined)).toEqual({ kind: 'ended', ok: false, why: 'DeadlineExceeded: too late' });
  expect(progressOf(job('Complete'), undefined)).toEqual({ kind: 'ended', ok: true, why: null });
});

test('a container that has started has a log, whether or not the Job has ended', () => {
  const ran = pod({ containerStatuses: [{ name: 'backup', image: '', imageID: '', ready: false, restartCount: 0, state: { terminated: { exitCode: 1 } } }] });
  expect(progressOf(job('Failed'), ran)).toEqual({ kind: 'started', pod: 'orders-full-x-y' });
});

test('nothing is waited for without end: one minute for a pod, five for its start', () => {
  const without = { kind: 'waits', pod: null, why: null } as const;
  const pending = { kind: 'waits', pod: 'orders-full-x-y', why: 'Unschedulable: no node' } as const;
  expect(overdue('orders-full-x', 'shop', without, 60_000)).toBeNull();
  expect(overdue('orders-full-x', 'shop', without, 60_001)).toContain('job orders-full-x has no pod after 60 s; to see why: kubectl -n shop describe job orders-full-x;');
  expect(overdue('orders-full-x', 'shop', pending, 300_000)).toBeNull();
  expect(overdue('orders-full-x', 'shop', pending, 300_001)).toBe('pod orders-full-x-y has not started after 300 s (Unschedulable: no node); '
    + 'to see why: kubectl -n shop describe pod orders-full-x-y; to give it up: kubectl -n shop delete job orders-full-x');
});

import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from './support/results';
import { inClusterAccess } from '../../../src/agent/kube/access.js';

function serviceAccount(): string {
  const directory = mkdtempSync(join(process.env.CDK8S_POSTGRES_TEST_DIR!, 'account-'));
  writeFileSync(join(directory, 'token'), 'first\n');
  writeFileSync(join(directory, 'ca.crt'), 'PEM');
  return directory;
}

test('a pod reaches the API server by its environment, also over IPv6', () => {
  const directory = serviceAccount();
  const access = inClusterAccess({ KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' }, directory);
  expect([access.server.href, access.authority, access.token()]).toEqual(['https://10.96.0.1/', 'PEM', 'first']);
  expect(inClusterAccess({ KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443' }, directory).server.host).toBe('[fd00::1]:6443');
});

test('a token that the kubelet has replaced is used within a minute', async () => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'setTimeout', 'performance'] });
  const directory = serviceAccount();
  const access = inClusterAccess({ KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' }, directory);
  writeFileSync(join(directory, 'token'), 'second');
  jest.advanceTimersByTime(60_000);
  await until(() => access.token() === 'second');
  jest.useRealTimers();
});

test('outside of a pod it says that it is not in one', () => {
  expect(() => inClusterAccess({}, '/nowhere')).toThrow('runs only inside a pod');
});

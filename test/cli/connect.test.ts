import { ApiServer } from './api-server';
import { runsCommand, STATUS, STDOUT } from './exec-server';
import { readsInput } from '../../src/cli/psql-args';

const NEW = 'v5.channel.k8s.io';
const OLD = 'v4.channel.k8s.io';
const SUCCESS = JSON.stringify({ status: 'Success' });

let server: ApiServer;
beforeEach(async () => {
  server = (await ApiServer.start()).with().on('GET /apis/coordination.k8s.io/v1/namespaces/shop/leases/orders-leader', {
    spec: { holderIdentity: '1/uid/1', leaseDurationSeconds: 10, leaseTransitions: 4 },
  });
});
afterEach(() => server.close());

test('psql reads what is piped in, and its output comes after the input has ended', async () => {
  let read = '';
  runsCommand(server, NEW, {
    reads: (text) => { read += text; },
    closed: (say) => { say(STDOUT, `read: ${read}`); say(STATUS, SUCCESS); },
  });
  expect(await server.run('connect', 'orders').input('SELECT 1;').ended).toMatchObject({ code: 0, stdout: 'read: SELECT 1;' });
});

test('an older API server does not lose the output of -c where the input has ended', async () => {
  runsCommand(server, OLD, {
    begins: (say) => setTimeout(() => { say(STDOUT, '1\n'); say(STATUS, SUCCESS); }, 500),
  });
  expect(await server.run('connect', 'orders', '--', '-c', 'SELECT 1').input('').ended).toMatchObject({ code: 0, stdout: '1\n' });
});

test('what is piped in for an older API server is not begun with: the command says what is needed', async () => {
  let read = '';
  runsCommand(server, OLD, { reads: (text) => { read += text; } });
  const { code, stderr } = await server.run('connect', 'orders').input('DELETE FROM orders;').ended;
  expect([code, read]).toEqual([1, '']);
  expect(stderr).toContain('cannot tell psql where its input ends (Kubernetes 1.30 and newer can)');
});

test('psql\'s own exit code is the command\'s', async () => {
  const status = { status: 'Failure', reason: 'NonZeroExitCode', details: { causes: [{ reason: 'ExitCode', message: '3' }] } };
  runsCommand(server, NEW, { begins: (say) => say(STATUS, JSON.stringify(status)) });
  expect((await server.run('connect', 'orders').ended).code).toBe(3);
});

test('a psql that could not be run is a failure with its reason, and no stack', async () => {
  runsCommand(server, NEW, { begins: (say) => say(STATUS, JSON.stringify({ status: 'Failure', reason: 'InternalError', message: 'there is no such container' })) });
  const { code, stderr } = await server.run('connect', 'orders').ended;
  expect([code, stderr]).toEqual([1, 'psql in pod orders-1-0\nerror: there is no such container\n']);
});

test.each<[boolean, readonly string[]]>([
  [true, []], [true, ['-AtX']], [true, ['-v', 'ON_ERROR_STOP=1']], [true, ['-v', '-c']],
  [false, ['-c', 'SELECT 1']], [false, ['-cSELECT 1']], [false, ['-AtXc', 'SELECT 1']], [false, ['--command=SELECT 1']], [false, ['-f', '/tmp/x.sql']], [false, ['-d', 'app', '--file', 'x']],
  [true, ['-f', '-']], [true, ['-c', 'COPY items FROM STDIN']], [true, ['-c', '\\copy items from pstdin']],
])('whether psql reads its input is known by its arguments: %s for %j', (reads, args) => {
  expect(readsInput(args)).toBe(reads);
});

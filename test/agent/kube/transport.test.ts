/** How requests fare on bad networks: a server that does nothing but what the test says, on real sockets. */
import { createServer, type Server, type Socket, type AddressInfo } from 'node:net';
import { until } from './support/results';
import { KubeApi, LEASES, PODS } from '../../../src/agent/kube/client.js';
import { watchAll } from '../../../src/agent/kube/watch.js';

/** Long enough for a good answer on a busy machine. */
const LIMIT_MS = 1_000;

type Behaviour = (socket: Socket, request: string, count: number) => void;
let server: Server;
let requests: { connection: number; head: string }[];
let connections: number;
const sockets = new Set<Socket>();

async function serve(behaviour: Behaviour, requestTimeout = LIMIT_MS): Promise<KubeApi> {
  requests = [];
  connections = 0;
  server = createServer((socket) => {
    connections += 1;
    const connection = connections;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      requests.push({ connection, head: data.toString().split('\r\n')[0]! });
      behaviour(socket, data.toString(), requests.length);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const access = { server: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), authority: undefined, token: () => 'secret' };
  return new KubeApi({ access, namespace: 'shop', requestTimeout: () => requestTimeout });
}

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  await new Promise((resolve) => server.close(resolve));
});

const answer = (status: string, body: object) => {
  const text = JSON.stringify(body);
  return `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
};
const lease = answer('200 OK', { metadata: { name: 'orders' } });

test('a silent server costs its time limit and no more, and the next request has a new connection', async () => {
  const api = await serve((socket, _, count) => { if (count > 1) socket.write(lease); });
  const began = performance.now();
  expect(await api.get(LEASES, 'orders')).toEqual({ ok: false, kind: 'unreachable', message: `GET leases/orders: no answer within ${LIMIT_MS} ms` });
  expect(performance.now() - began).toBeLessThan(LIMIT_MS + 1_500);
  expect(await api.get(LEASES, 'orders')).toMatchObject({ ok: true });
  expect(requests.map(({ connection }) => connection)).toEqual([1, 2]);
});

test('an answer that stops in the middle is no answer', async () => {
  const api = await serve((socket) => { socket.write(lease.slice(0, -5)); });
  expect(await api.get(LEASES, 'orders')).toMatchObject({ ok: false, kind: 'unreachable' });
});

test('good requests share one connection', async () => {
  const api = await serve((socket) => { socket.write(lease); });
  for (let i = 0; i < 5; i++) expect(await api.get(LEASES, 'orders')).toMatchObject({ ok: true });
  expect(connections).toBe(1);
});

test('when a kept connection goes silent, the other kept ones are not tried after it', async () => {
  let silent = false;
  const api = await serve((socket, _, count) => { if (!silent || count > 4) setTimeout(() => socket.write(lease), 20); });
  await Promise.all([1, 2, 3].map(async () => api.get(LEASES, 'orders')));
  silent = true;
  expect(await api.get(LEASES, 'orders')).toMatchObject({ ok: false, kind: 'unreachable' });
  expect(await api.get(LEASES, 'orders')).toMatchObject({ ok: true });
  expect(requests.at(-1)!.connection).toBe(4);
});

test('a kept connection that the server resets is replaced without the caller noticing', async () => {
  const api = await serve((socket, _, count) => {
    if (count === 2) socket.resetAndDestroy();
    else socket.write(lease);
  });
  await api.get(LEASES, 'orders');
  expect(await api.get(LEASES, 'orders')).toMatchObject({ ok: true });
  expect(requests.map(({ connection }) => connection)).toEqual([1, 1, 2]);
});

test('nobody listening is unreachable at once', async () => {
  const api = await serve(() => undefined);
  await new Promise((resolve) => server.close(resolve));
  const began = performance.now();
  expect(await api.get(LEASES, 'orders')).toMatchObject({ ok: false, kind: 'unreachable' });
  expect(performance.now() - began).toBeLessThan(LIMIT_MS + 1_500);
  server.listen(0);
});

test.each([
  ['400 Bad Request', '', 'invalid'], ['401 Unauthorized', 'Unauthorized', 'forbidden'], ['403 Forbidden', 'Forbidden', 'forbidden'],
  ['404 Not Found', 'NotFound', 'notFound'], ['409 Conflict', 'Conflict', 'conflict'], ['409 Conflict', 'AlreadyExists', 'exists'],
  ['422 Unprocessable Entity', 'Invalid', 'invalid'], ['429 Too Many Requests', 'TooManyRequests', 'unreachable'],
  ['500 Internal Server Error', '', 'unreachable'], ['503 Service Unavailable', '', 'unreachable'], ['504 Gateway Timeout', 'Timeout', 'unreachable'],
])('an answer of %s (%s) is %s', async (status, reason, kind) => {
  const api = await serve((socket) => { socket.write(answer(status, { kind: 'Status', reason, message: 'because' })); });
  expect(await api.get(LEASES, 'orders')).toEqual({ ok: false, kind, message: `GET leases/orders: ${status.slice(0, 3)} because` });
});

test('a proxy\'s page instead of JSON is unreachable, not a crash', async () => {
  const api = await serve((socket) => { socket.write('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>'); });
  expect(await api.get(LEASES, 'orders')).toMatchObject({ ok: false, kind: 'unreachable' });
});

describe('a watch', () => {
  const list = answer('200 OK', { metadata: { resourceVersion: '7' }, items: [] });
  const watchHead = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
  const chunk = (event: object) => {
    const line = `${JSON.stringify(event)}\n`;
    return `${line.length.toString(16)}\r\n${line}\r\n`;
  };
  const change = (version: string) => chunk({ type: 'MODIFIED', object: { metadata: { resourceVersion: version } } });

  test.each([
    ['its version is too old', chunk({ type: 'ERROR', object: { kind: 'Status', code: 410 } })],
    ['its connection breaks', null],
    ['it gets no answer', ''],
    ['it sends what is no JSON', '3\r\n{{\n\r\n'],
  ])('begins again with a list when %s', async (_, event) => {
    const api = await serve((socket, request) => {
      if (!request.includes('watch=true')) socket.write(list);
      else if (event === null) socket.resetAndDestroy();
      else if (event !== '') socket.write(watchHead + event);
    });
    const stop = new AbortController();
    let lists = 0;
    const watching = watchAll(api, PODS, {}, ({ type }) => { lists += Number(type === 'listed'); }, stop.signal);
    await until(() => lists === 2);
    stop.abort();
    await watching;
  });

  test('goes on from where the one before ended, asking for bookmarks and an end', async () => {
    let watches = 0;
    const api = await serve((socket, request) => {
      if (!request.includes('watch=true')) return socket.write(list);
      watches += 1;
      socket.write(watchHead + (watches === 1 ? change('8') + chunk({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '9' } } }) : ''));
      if (watches === 1) setTimeout(() => socket.write('0\r\n\r\n'), 1_100);
    });
    const seen: string[] = [];
    const stop = new AbortController();
    const watching = watchAll(api, PODS, { name: 'orders' }, ({ type }) => { seen.push(type); }, stop.signal);
    await until(() => watches === 2);
    stop.abort();
    await watching;
    expect(seen).toEqual(['listed', 'modified']);
    expect(requests.slice(1).map(({ head }) => new URL(head.split(' ')[1]!, 'http://x').searchParams.get('resourceVersion'))).toEqual(['7', '9']);
    expect(requests[1]!.head).toMatch(/fieldSelector=metadata.name%3Dorders.*allowWatchBookmarks=true&timeoutSeconds=\d+/);
  });

  test('ends at once when it is told to, while the server is silent', async () => {
    const api = await serve((socket, request) => { socket.write(request.includes('watch=true') ? watchHead : list); });
    const stop = new AbortController();
    const watching = watchAll(api, PODS, {}, () => undefined, stop.signal);
    await until(() => requests.length === 2);
    stop.abort();
    await watching;
  });
});

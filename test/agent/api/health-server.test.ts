import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { startHealthServer } from '../../../src/agent/api/health-server.js';
import type { HealthView, RunningServer } from '../../../src/agent/api/types.js';

let server: RunningServer;
let view: HealthView;
let metrics: () => string;
beforeEach(async () => {
  view = { live: true, ready: { ok: true, why: '' }, role: 'primary', status: {} };
  metrics = () => 'up 1\n';
  server = await startHealthServer({ port: 0, host: '127.0.0.1' }, () => view, () => metrics());
});
afterEach(() => server.close());

async function call(path: string, method = 'GET'): Promise<[number, string]> {
  const message = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
    request({ host: '127.0.0.1', port: server.port, path, method }, resolve).on('error', reject).end();
  });
  return [message.statusCode!, await text(message)];
}

const ready = { ok: true, why: '' };
const lagging = { ok: false, why: 'it does not stream' };
test.each([
  ['primary', 'primary', ready, { '/livez': 200, '/readyz': 200, '/primary': 200, '/replica': 503 }],
  ['streaming replica', 'replica', ready, { '/livez': 200, '/readyz': 200, '/primary': 503, '/replica': 200 }],
  ['replica that does not stream', 'replica', lagging, { '/livez': 200, '/readyz': 503, '/primary': 503, '/replica': 503 }],
  ['instance without postgres', 'none', lagging, { '/livez': 200, '/readyz': 503, '/primary': 503, '/replica': 503 }],
] as const)('a %s answers as load balancers expect', async (_, role, readiness, expected) => {
  view = { live: true, ready: readiness, role, status: {} };
  const codes = await Promise.all(Object.keys(expected).map(async (path) => [path, (await call(path))[0]]));
  expect(Object.fromEntries(codes)).toEqual(expected);
});

test('an agent that is not live says so, and one that is not ready says why', async () => {
  view = { live: false, ready: lagging, role: 'replica', status: {} };
  expect(await call('/livez')).toEqual([503, 'not live\n']);
  expect(await call('/readyz')).toEqual([503, 'not ready: it does not stream\n']);
});

test('the status is JSON, with WAL positions as PostgreSQL writes them', async () => {
  view = { live: true, ready, role: 'primary', status: { lsn: 0x16_b374_d848n, deep: [{ lsn: 0n }] } };
  const [code, body] = await call('/status?pretty');
  expect([code, JSON.parse(body)]).toEqual([200, { lsn: '16/B374D848', deep: [{ lsn: '0/0' }] }]);
});

test('a metric that cannot be told fails its scrape and nothing else: the process holds the Lease', async () => {
  expect(await call('/metrics')).toEqual([200, 'up 1\n']);
  metrics = () => { throw new Error('broken'); };
  expect(await call('/metrics')).toEqual([500, 'the metrics cannot be told: broken\n']);
  expect((await call('/livez'))[0]).toBe(200);
});

test('nothing can be asked of it but its routes, by reading', async () => {
  view = { live: true, ready, role: 'primary', status: {} };
  expect((await call('/debug'))[0]).toBe(404);
  expect((await call('/livez', 'POST'))[0]).toBe(405);
});

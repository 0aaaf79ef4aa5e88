/** What people may ask the agents for, by the certificate that they hold, over real TLS on loopback. */
import { call } from './call';
import { materialOf, newAuthority } from './certificates';
import { newHandlers } from './handlers';
import { startPeerServer } from '../../../src/agent/api/peer-server.js';
import type { PeerHandlers, PeerServer } from '../../../src/agent/api/types.js';
import type { KeyPair, TlsMaterial } from '../../../src/agent/credentials/types.js';
import { accessCommonName, ACCESS_LEVELS, AGENT_COMMON_NAME, BACKUP_COMMON_NAME, SYSTEM_ROLES, type AccessLevel } from '../../../src/contract';

let authority: KeyPair;
let server: PeerServer;
let handlers: jest.Mocked<PeerHandlers>;
const as = (commonName: string): Promise<TlsMaterial> => materialOf(authority, commonName);
const level = (name: AccessLevel): Promise<TlsMaterial> => as(accessCommonName(name));

beforeAll(async () => { authority = await newAuthority(); });
beforeEach(async () => {
  handlers = newHandlers();
  server = await startPeerServer({ port: 0, host: '127.0.0.1' }, await materialOf(authority), handlers);
});
afterEach(() => server.close());

/** 409: it may ask, and the handler of these tests says no. */
const ALLOWED = new Set([200, 204, 404, 409]);

test.each([
  ['GET', '/v1/status', ['agent', 'viewer', 'operator', 'admin']],
  ['GET', '/v1/candidates', ['viewer', 'operator', 'admin']],
  ['POST', '/v1/switchover', ['operator', 'admin']],
  ['POST', '/v1/backup?type=full&repo=1', ['agent', 'backup']],
  ['POST', '/v1/wake', ['agent']],
  ['GET', '/v1/wal?timeline=1&from=0/0&end=0/1', ['agent']],
])('%s %s is for %j and for nobody else', async (method, path, may) => {
  const callers: Record<string, string> = {
    agent: AGENT_COMMON_NAME, backup: BACKUP_COMMON_NAME, ...Object.fromEntries(ACCESS_LEVELS.map((name) => [name, accessCommonName(name)])),
    replication: SYSTEM_ROLES.replication, user: 'app',
  };
  for (const [name, commonName] of Object.entries(callers)) {
    const { status } = await call(server, method, path, await as(commonName));
    expect([name, ALLOWED.has(status), status === 403]).toEqual([name, may.includes(name), !may.includes(name)]);
  }
});

test('a switchover is told line by line, and ends as it ended', async () => {
  handlers.switchover.mockImplementation(async (to, onLine) => {
    onLine(`to ${to}`);
    return { ok: false, message: 'nobody took over' };
  });
  const { status, body } = await call(server, 'POST', '/v1/switchover?to=2', await level('operator'));
  expect(status).toBe(200);
  expect(body.trim().split('\n').map((line) => JSON.parse(line) as object)).toEqual([{ line: 'to 2' }, {}, { end: { ok: false, message: 'nobody took over' } }]);
});

test('what cannot be done is refused with the reason', async () => {
  handlers.switchover.mockReturnValue({ refused: 'instance 2 cannot take over: it does not stream' });
  handlers.candidates.mockReturnValue({ refused: 'this is not the primary' });
  expect(await call(server, 'POST', '/v1/switchover?to=2', await level('admin'))).toEqual({ status: 409, body: 'instance 2 cannot take over: it does not stream\n' });
  expect(await call(server, 'GET', '/v1/candidates', await level('viewer'))).toEqual({ status: 409, body: 'this is not the primary\n' });
});

test('what people ask for is written down, with the answer, also when they may not; what agents say to each other is not', async () => {
  await call(server, 'POST', '/v1/switchover?to=2', await level('viewer'));
  await call(server, 'GET', '/v1/candidates', await level('viewer'));
  await call(server, 'POST', '/v1/wake', await as(AGENT_COMMON_NAME));
  expect(handlers.switchover).not.toHaveBeenCalled();
  expect(handlers.audit.mock.calls.map(([entry]) => entry)).toEqual([
    { caller: 'viewer', request: 'POST /v1/switchover?to=2', answer: 403 },
    { caller: 'viewer', request: 'GET /v1/candidates', answer: 200 },
  ]);
});

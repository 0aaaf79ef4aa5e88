/** Agents that call each other, over real TLS on loopback. */
import { randomBytes } from 'node:crypto';
import { request } from 'node:https';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { call } from './call';
import { materialOf, newAuthority, SERVER_NAME } from './certificates';
import { newHandlers } from './handlers';
import { HttpsPeerClient } from '../../../src/agent/api/peer-client.js';
import { startPeerServer } from '../../../src/agent/api/peer-server.js';
import type { PeerAddress, PeerHandlers, PeerServer } from '../../../src/agent/api/types.js';
import type { TlsMaterial } from '../../../src/agent/credentials/types.js';
import type { WalRange } from '../../../src/agent/postgres/types.js';
import { BACKUP_COMMON_NAME } from '../../../src/contract';

let material: TlsMaterial;
let server: PeerServer;
let client: HttpsPeerClient;
let handlers: jest.Mocked<PeerHandlers>;
const range: WalRange = { timeline: 2, from: 0x1_0000_0000n, end: 0x1_0000_2000n };
const peer = (serverName = SERVER_NAME): PeerAddress => ({ host: '127.0.0.1', serverName, port: server.port });

beforeAll(async () => { material = await materialOf(await newAuthority()); });
beforeEach(async () => {
  handlers = newHandlers();
  server = await startPeerServer({ port: 0, host: '127.0.0.1' }, material, handlers);
  client = new HttpsPeerClient();
  client.setCertificates(material);
});
afterEach(async () => {
  client.close();
  await server.close();
});

test('an agent learns another\'s status, WAL positions as PostgreSQL writes them', async () => {
  expect(await client.status(peer(), 1_000)).toEqual({ ok: true, value: { role: 'standby', lsn: '16/B374D848' } });
});

test('an agent wakes another', async () => {
  expect(await client.wake(peer(), 1_000)).toEqual({ ok: true, value: undefined });
  expect(handlers.wake).toHaveBeenCalledTimes(1);
});

test('WAL arrives whole, for the very stretch that was asked for', async () => {
  const wal = randomBytes(20 * 1024 * 1024);
  handlers.wal.mockResolvedValue(Readable.from([wal.subarray(0, 7), wal.subarray(7)]));
  const answer = await client.wal(peer(), range, 5_000);
  if (!answer.ok) throw new Error(answer.message);
  expect((await buffer(answer.value)).equals(wal)).toBe(true);
  expect(handlers.wal).toHaveBeenCalledWith(range);
});

test('WAL that breaks off at its source is an error at the receiver, not an early end', async () => {
  const source = new PassThrough();
  handlers.wal.mockResolvedValue(source);
  source.write('the beginning');
  const answer = await client.wal(peer(), range, 5_000);
  if (!answer.ok) throw new Error(answer.message);
  setTimeout(() => source.destroy(new Error('disk')), 50);
  await expect(buffer(answer.value)).rejects.toThrow();
});

test('WAL that stops coming is an error after the time limit', async () => {
  const source = new PassThrough();
  handlers.wal.mockResolvedValue(source);
  source.write('the beginning');
  const answer = await client.wal(peer(), range, 1_000);
  if (!answer.ok) throw new Error(answer.message);
  await expect(buffer(answer.value)).rejects.toThrow('sent nothing for 1000 ms');
});

test('WAL that a peer does not have is told apart from a peer that does not answer', async () => {
  expect(await client.wal(peer(), range, 1_000)).toMatchObject({ ok: false, kind: 'notFound' });
});

test('a failing handler answers with an error and the server goes on', async () => {
  handlers.wal.mockRejectedValue(new Error('no such segment'));
  expect(await client.wal(peer(), range, 1_000)).toMatchObject({ ok: false, kind: 'refused', message: expect.stringContaining('no such segment') as string });
  expect(await client.status(peer(), 1_000)).toMatchObject({ ok: true });
});

test('a server at the right address with another name is untrusted: the address went to a stranger (I8)', async () => {
  expect(await client.status(peer('orders-1-0.orders-instances.shop.svc'), 1_000)).toMatchObject({ ok: false, kind: 'untrusted' });
});

test('a server of another cluster is untrusted', async () => {
  const stranger = new HttpsPeerClient();
  stranger.setCertificates({ ...await materialOf(await newAuthority()) });
  expect(await stranger.status(peer(), 1_000)).toMatchObject({ ok: false, kind: 'untrusted' });
  expect(handlers.status).not.toHaveBeenCalled();
});

test('a caller with a certificate of another cluster learns nothing', async () => {
  const intruder = await materialOf(await newAuthority());
  client.setCertificates({ ...intruder, authority: material.authority });
  expect((await client.status(peer(), 1_000)).ok).toBe(false);
  expect(handlers.status).not.toHaveBeenCalled();
});

test('a certificate of this cluster that is not an agent\'s may not call', async () => {
  const authority = await newAuthority();
  const own = await materialOf(authority, 'cdk8s_replication');
  server.setCertificates(own);
  client.setCertificates(own);
  expect(await client.status(peer(), 1_000)).toMatchObject({ ok: false, kind: 'refused', message: expect.stringContaining('cdk8s_replication') as string });
  expect(handlers.status).not.toHaveBeenCalled();
});

test('a caller without a certificate gets no answer', async () => {
  const called = new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port: server.port, path: '/v1/status', ca: material.authority, servername: SERVER_NAME }, resolve).on('error', reject).end();
  });
  await expect(called).rejects.toThrow();
});

test('renewed certificates are used without a restart, on both sides', async () => {
  const renewed = await materialOf(await newAuthority());
  server.setCertificates(renewed);
  client.setCertificates(renewed);
  expect(await client.status(peer(), 1_000)).toMatchObject({ ok: true });
});

test('a peer that accepts and says nothing costs its time limit and no more', async () => {
  const sockets: Socket[] = [];
  const silent = createServer((socket) => sockets.push(socket));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const began = performance.now();
  expect(await client.status({ ...peer(), port: (silent.address() as AddressInfo).port }, 300)).toMatchObject({ ok: false, kind: 'unreachable' });
  expect(performance.now() - began).toBeLessThan(2_000);
  sockets.forEach((socket) => socket.destroy());
  silent.close();
});

test('a peer that is not there is unreachable at once, and so is everybody before the certificates are', async () => {
  await server.close();
  const gone = peer();
  expect(await client.status(gone, 1_000)).toMatchObject({ ok: false, kind: 'unreachable' });
  expect(await new HttpsPeerClient().status(gone, 1_000)).toMatchObject({ ok: false, kind: 'unreachable', message: expect.stringContaining('no certificates') as string });
});

test('a peer that was restarted is reached at the first try', async () => {
  await client.status(peer(), 1_000);
  const { port } = server;
  await server.close();
  server = await startPeerServer({ port, host: '127.0.0.1' }, material, handlers);
  expect(await client.status(peer(), 1_000)).toMatchObject({ ok: true });
});

describe('a backup', () => {
  let schedule: TlsMaterial;
  beforeAll(async () => {
    const authority = await newAuthority();
    material = await materialOf(authority);
    schedule = await materialOf(authority, BACKUP_COMMON_NAME);
  });

  test('is made for a schedule\'s certificate, told line by line, and ends as it ended', async () => {
    handlers.backup.mockImplementation(async (_, __, onLine) => {
      onLine('INFO: backup command begin');
      return { ok: true };
    });
    const { status, body } = await call(server, 'POST', '/v1/backup?type=diff&repo=2', schedule);
    expect(status).toBe(200);
    expect(body.trim().split('\n').map((line) => JSON.parse(line) as object)).toEqual(expect.arrayContaining([{ line: 'INFO: backup command begin' }, { end: { ok: true } }]));
    expect(handlers.backup.mock.calls[0]![0]).toEqual({ type: 'diff', repo: 2 });
  });

  test('is refused with the reason where none is made', async () => {
    expect(await call(server, 'POST', '/v1/backup?type=full&repo=1', schedule)).toEqual({ status: 409, body: 'not here\n' });
    expect((await call(server, 'POST', '/v1/backup?type=huge&repo=1', schedule)).status).toBe(400);
    expect((await call(server, 'POST', '/v1/backup?type=full&repo=0', schedule)).status).toBe(400);
  });

  test('is all that a schedule\'s certificate may ask for', async () => {
    expect((await call(server, 'POST', '/v1/wake', schedule)).status).toBe(403);
    expect(handlers.wake).not.toHaveBeenCalled();
  });
});

import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { major, TestBed, type TestInstance } from './support/instance';
import { readDataDirectory } from '../../../src/agent/postgres/controldata.js';
import { localClient } from '../../../src/agent/postgres/local.js';
import { isLockFree } from '../../../src/agent/postgres/lock.js';
import { PostgresServer } from '../../../src/agent/postgres/server.js';
import type { PostgresExit } from '../../../src/agent/postgres/types.js';

let bed: TestBed;
let one: TestInstance;
const exits: PostgresExit[] = [];

beforeAll(async () => {
  bed = new TestBed();
  one = await bed.instance('one');
  await one.initialize();
  one.server.onExit((exit) => exits.push(exit));
});
afterAll(() => bed.remove());
beforeEach(async () => {
  exits.length = 0;
  if (one.server.state().kind === 'stopped') await one.start('primary');
});

/** A backend that does not look at signals between rows for as long as the test runs. */
async function busyBackend(): Promise<{ pid: number; ended: Promise<string> }> {
  const client = localClient(one.paths, 'postgres');
  await client.connect();
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const ended = client.query('SELECT count(*) FROM generate_series(1, 1e9::bigint)').then(() => 'answered', () => 'broken');
  return { pid: rows[0]!.pid, ended };
}

/** A zombie that nobody has reaped yet is dead. */
function isAlive(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

test('a fast stop is clean and leaves the lock free', async () => {
  expect(await isLockFree(one.paths)).toBe(false);
  expect(await one.server.stop('fast', 20_000)).toBe('stopped');
  expect(await isLockFree(one.paths)).toBe(true);
  expect(exits).toEqual([{ kind: 'exited', code: 0 }]);
  expect(one.server.state()).toEqual({ kind: 'stopped', lastExit: { kind: 'exited', code: 0 } });
  expect(await readDataDirectory(one.paths, await major(one.paths))).toMatchObject({ kind: 'present', cleanShutdown: true, wasPrimary: true, timeline: 1 });
});

test('a kill is over only when a busy backend is gone too', async () => {
  const backend = await busyBackend();
  await one.server.kill();
  expect(isAlive(backend.pid)).toBe(false);
  expect(await backend.ended).toBe('broken');
  expect(await isLockFree(one.paths)).toBe(true);
  expect(exits).toEqual([{ kind: 'killed', signal: 'SIGKILL' }]);
});

test('the death of the postmaster is told at once, and what it leaves behind can be cleared away', async () => {
  const backend = await busyBackend();
  const state = one.server.state();
  const death = new Promise<number>((resolve) => one.server.onExit(() => resolve(Date.now())));
  const killedAt = Date.now();
  if (state.kind === 'running') process.kill(state.pid, 'SIGKILL');
  expect(await death - killedAt).toBeLessThan(500);
  await one.server.ensureGone();
  expect(isAlive(backend.pid)).toBe(false);
  expect(await isLockFree(one.paths)).toBe(true);
});

test('a second server on the same data directory never starts', async () => {
  const second = new PostgresServer(one.paths, one.log);
  const exit = new Promise((resolve) => second.onExit(resolve));
  await second.start('primary');
  expect(await exit).toEqual({ kind: 'locked' });
  expect((await one.up()).inRecovery).toBe(false);
});

test('a postmaster.pid that names a living stranger does not keep it from starting', async () => {
  await one.server.stop('fast', 20_000);
  // In a new container another process may have the pid that the last server had in its.
  const stranger = spawn('sleep', ['60']);
  try {
    writeFileSync(join(one.paths.pgdata, 'postmaster.pid'), `${stranger.pid}\n${one.paths.pgdata}\n`);
    await one.start('primary');
  } finally {
    stranger.kill();
  }
});

test('what last ran as a standby becomes primary by promotion only', async () => {
  await one.server.stop('fast', 20_000);
  await one.start('standby');
  expect((await one.up()).inRecovery).toBe(true);
  await one.server.stop('fast', 20_000);
  await expect(one.server.start('primary')).rejects.toThrow(/has standby\.signal/);
  expect(await readDataDirectory(one.paths, await major(one.paths))).toMatchObject({ kind: 'present', wasPrimary: false, cleanShutdown: true });

  await one.start('standby');
  expect(await one.server.promote(AbortSignal.timeout(10_000))).toEqual({ timeline: 2 });
  expect(one.server.state()).toMatchObject({ kind: 'running', role: 'primary' });
  expect(await one.up()).toMatchObject({ inRecovery: false, timeline: 2 });
});

test('a promotion of a server that dies is told as failed', async () => {
  await one.server.stop('fast', 20_000);
  await one.start('standby');
  const state = one.server.state();
  if (state.kind === 'running') process.kill(state.pid, 'SIGSTOP');
  const promotion = one.server.promote(AbortSignal.timeout(30_000));
  if (state.kind === 'running') process.kill(state.pid, 'SIGKILL');
  await expect(promotion).rejects.toThrow(/ended while it was being promoted/);
  await one.server.ensureGone();
  await one.start('standby');
  await one.server.promote(AbortSignal.timeout(10_000));
});

test('the server logs line by line to whoever listens', async () => {
  await one.sql("DO $$ BEGIN RAISE LOG 'a line for %', 'the listener'; END $$");
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(one.lines.some((line) => line.includes('LOG:  a line for the listener'))).toBe(true);
});

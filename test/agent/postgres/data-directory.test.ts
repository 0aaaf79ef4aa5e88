import { existsSync, mkdirSync, readFileSync, readdirSync, readlinkSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { major, TestBed, type TestInstance } from './support/instance';
import { readDataDirectory } from '../../../src/agent/postgres/controldata.js';
import { initdb } from '../../../src/agent/postgres/initdb.js';
import { beginWork } from '../../../src/agent/postgres/marker.js';
import { moveAside } from '../../../src/agent/postgres/move-aside.js';
import { completeTablespaces } from '../../../src/agent/postgres/tablespaces.js';
import type { DataDirectory } from '../../../src/agent/postgres/types.js';
import { reconcileUsersAndDatabases } from '../../../src/agent/postgres/users-databases.js';

let bed: TestBed;
let one: TestInstance;
let made: { systemId: string; incarnation: string };

beforeEach(async () => {
  bed = new TestBed();
  one = await bed.instance('one', { walVolume: true, tablespaces: ['archive'] });
});
afterEach(() => bed.remove());

async function look(expectedMajor?: string): Promise<DataDirectory> {
  return readDataDirectory(one.paths, expectedMajor ?? await major(one.paths));
}

async function make(): Promise<void> {
  made = await initdb(one.paths, one.log, AbortSignal.timeout(60_000));
}

function copies(directory: string): string[] {
  return readdirSync(dirname(directory)).filter((name) => /\.\d{8}T/.test(name)).sort();
}

test('an empty directory, a missing one, and one with lost+found only, are absent', async () => {
  expect(await look()).toEqual({ kind: 'absent' });
  mkdirSync(one.paths.pgdata);
  expect(await look()).toEqual({ kind: 'absent' });
  mkdirSync(join(one.paths.pgdata, 'lost+found'));
  expect(await look()).toEqual({ kind: 'absent' });
});

test('initdb makes checksummed data with its WAL on the WAL volume and an identity of its own', async () => {
  await make();
  expect(await look()).toMatchObject({
    kind: 'present', systemId: made.systemId, incarnation: made.incarnation, timeline: 1, history: [], wasPrimary: true, cleanShutdown: true,
    control: { dataChecksums: true, segmentSize: 16 * 1024 * 1024 },
  });
  expect(readlinkSync(join(one.paths.pgdata, 'pg_wal'))).toBe(one.paths.walDir);
});

test('initdb refuses data, and whatever it cannot explain', async () => {
  await make();
  await expect(make()).rejects.toThrow(/not empty/);
  expect(await look()).toMatchObject({ kind: 'present', systemId: made.systemId });
  rmSync(join(one.paths.pgdata, 'global/pg_control'));
  expect(await look()).toMatchObject({ kind: 'incomplete' });
  await expect(make()).rejects.toThrow(/not empty/);
});

test('an initdb that was cut short is seen as incomplete, and the next one starts over', async () => {
  await make();
  await beginWork(one.paths, 'initdb');
  rmSync(join(one.paths.pgdata, 'base'), { recursive: true });
  expect(await look()).toMatchObject({ kind: 'incomplete', why: expect.stringMatching(/initdb .* did not finish/) as string });
  const before = made;
  await make();
  expect(made.systemId).not.toBe(before.systemId);
  expect(await look()).toMatchObject({ kind: 'present', systemId: made.systemId });
  expect(copies(one.paths.pgdata)).toEqual([]);
});

test('what did not finish in one data directory says nothing of the data in another', async () => {
  await make();
  await beginWork({ ...one.paths, pgdata: join(one.paths.pgdata, 'elsewhere') }, 'clone');
  expect(await look()).toMatchObject({ kind: 'present' });
  await expect(make()).rejects.toThrow(/not empty/);
});

test('an initdb that is aborted leaves an incomplete directory', async () => {
  await expect(initdb(one.paths, one.log, AbortSignal.timeout(150))).rejects.toThrow();
  expect(['incomplete', 'absent']).toContain((await look()).kind);
  await make();
  expect((await look()).kind).toBe('present');
});

test('a rewind that was cut short poisons the data', async () => {
  await make();
  await beginWork(one.paths, 'rewind');
  expect(await look()).toMatchObject({ kind: 'poisoned' });
});

test('data of another major version, and damaged control data, are told and left alone', async () => {
  await make();
  expect(await look('9')).toEqual({ kind: 'otherMajor', major: await major(one.paths) });
  truncateSync(join(one.paths.pgdata, 'global/pg_control'), 100);
  expect(await look()).toMatchObject({ kind: 'unreadable' });
});

test('damage inside the control data is noticed', async () => {
  await make();
  const path = join(one.paths.pgdata, 'global/pg_control');
  const bytes = readFileSync(path);
  bytes[40]! ^= 0xff;
  writeFileSync(path, bytes);
  expect(await look()).toMatchObject({ kind: 'unreadable', why: expect.stringMatching(/damaged/) as string });
});

test('data of another system, put in the place of ours, does not take over its identity', async () => {
  await make();
  writeFileSync(join(one.paths.stateDir, 'incarnation'), `${made.incarnation} 1234567890\n`);
  expect(await look()).toMatchObject({ kind: 'present', incarnation: null });
});

test('moving aside keeps data, WAL and tablespaces together and usable, and keeps one older copy', async () => {
  await one.initialize();
  await reconcileUsersAndDatabases(one.paths, { users: [], databases: [] });
  await one.sql('CREATE TABLE kept (id int) TABLESPACE archive');
  await expect(moveAside(one.paths, one.log)).rejects.toThrow(/still runs/);
  await one.server.stop('fast', 20_000);
  const { movedTo } = await moveAside(one.paths, one.log);
  expect(await look()).toEqual({ kind: 'absent' });

  const moved = { ...one.paths, pgdata: movedTo! };
  const [wal] = copies(one.paths.walDir!);
  const [tablespace] = copies(one.paths.tablespaces.archive!);
  expect(readlinkSync(join(moved.pgdata, 'pg_wal'))).toBe(join(dirname(one.paths.walDir!), wal!));
  const [link] = readdirSync(join(moved.pgdata, 'pg_tblspc'));
  expect(readlinkSync(join(moved.pgdata, 'pg_tblspc', link!))).toBe(join(dirname(one.paths.tablespaces.archive!), tablespace!));
  expect(await readDataDirectory(moved, await major(one.paths))).toMatchObject({ kind: 'present', cleanShutdown: true });

  await make();
  await moveAside(one.paths, one.log);
  expect(copies(one.paths.pgdata)).toHaveLength(1);
  expect(existsSync(movedTo!)).toBe(false);
  expect(copies(one.paths.walDir!)).toHaveLength(1);
});

test.each([
  ['WAL volume', () => one.paths.walDir!, /its write-ahead log is missing in .*: one of the instance's volumes was lost/],
  ['tablespace volume', () => one.paths.tablespaces.archive!, /its tablespace archive is missing in .*: one of the instance's volumes was lost/],
])('data whose %s was lost is never started, and left alone', async (_, where, why) => {
  await one.initialize();
  await reconcileUsersAndDatabases(one.paths, { users: [], databases: [] });
  await one.server.stop('fast', 20_000);
  expect((await look()).kind).toBe('present');
  renameSync(where(), `${where()}.lost`);
  expect(await look()).toMatchObject({ kind: 'unreadable', why: expect.stringMatching(why) as string });
  renameSync(`${where()}.lost`, where());
  expect((await look()).kind).toBe('present');
});

test('a tablespace that was created while a clone was made is not taken for a lost volume', async () => {
  await one.initialize();
  await reconcileUsersAndDatabases(one.paths, { users: [], databases: [] });
  await one.server.stop('fast', 20_000);
  const where = one.paths.tablespaces.archive!;
  const [version] = readdirSync(where);
  // The base backup has the link, and the log what lies behind it.
  rmSync(where, { recursive: true });
  expect((await look()).kind).toBe('unreadable');
  await completeTablespaces(one.paths);
  expect(readdirSync(where)).toEqual([version]);
  expect((await look()).kind).toBe('present');
});

test('moving aside that was cut short after the data is finished by the next one', async () => {
  await make();
  await moveAside(one.paths, one.log);
  // As if the WAL directory had not been renamed yet.
  const [copy] = copies(one.paths.pgdata);
  const [wal] = copies(one.paths.walDir!);
  const link = join(dirname(one.paths.pgdata), copy!, 'pg_wal');
  renameSync(join(dirname(one.paths.walDir!), wal!), one.paths.walDir!);
  rmSync(link);
  symlinkSync(one.paths.walDir!, link);
  await make();
  const [again] = copies(one.paths.walDir!);
  expect(readlinkSync(link)).toBe(join(dirname(one.paths.walDir!), again!));
  expect((await look()).kind).toBe('present');
});

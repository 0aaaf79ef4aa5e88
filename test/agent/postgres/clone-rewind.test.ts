import { existsSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { major, TestBed, type TestInstance } from './support/instance';
import { baseBackup, clone } from '../../../src/agent/postgres/clone.js';
import { readDataDirectory } from '../../../src/agent/postgres/controldata.js';
import { checkpoint } from '../../../src/agent/postgres/local.js';
import { unfinishedWork } from '../../../src/agent/postgres/marker.js';
import { rewind, RewindError, type RewindFailure } from '../../../src/agent/postgres/rewind.js';
import { reconcileSlots, slotName } from '../../../src/agent/postgres/slots.js';
import type { DataDirectory } from '../../../src/agent/postgres/types.js';

let bed: TestBed;
let one: TestInstance;
let two: TestInstance;

beforeEach(async () => {
  bed = new TestBed();
  one = await bed.instance('one');
  two = await bed.instance('two', { walVolume: true });
  await one.initialize();
  await one.sql('CREATE TABLE t (id int PRIMARY KEY)');
});
afterEach(() => bed.remove());

async function look(instance: TestInstance): Promise<DataDirectory> {
  return readDataDirectory(instance.paths, await major(instance.paths));
}

function cloneOf(source: TestInstance, into: TestInstance, systemId: string, signal = AbortSignal.timeout(60_000)): Promise<unknown> {
  return clone(into.paths, { upstream: source.address, slot: slotName(into.name), systemId, applicationName: into.name }, [baseBackup], into.log, signal);
}

/** `one` crashes with commits that `two`, which is promoted, never saw. */
async function diverge(): Promise<{ systemId: string }> {
  await two.cloneFrom(one);
  const { systemId } = await one.up();
  await two.server.stop('fast', 20_000);
  await one.sql('INSERT INTO t SELECT generate_series(1, 5000)');
  await one.server.kill();
  two.upstream = null;
  await two.start('standby');
  await two.server.promote(AbortSignal.timeout(10_000));
  await two.sql('INSERT INTO t SELECT generate_series(10001, 10010)');
  return { systemId };
}

async function rewindToTwo(systemId: string, signal = AbortSignal.timeout(60_000)): Promise<{ divergedBytes: bigint; savedTo: string | null }> {
  one.upstream = two.address;
  await one.configure('standby');
  return rewind(one.paths, { upstream: two.address, systemId }, one.log, signal);
}

async function failureOf(rewinding: Promise<unknown>): Promise<RewindFailure | 'none'> {
  return rewinding.then(() => 'none' as const, (error: unknown) => {
    if (error instanceof RewindError) return error.kind;
    throw error;
  });
}

describe('a clone', () => {
  test('streams on from where it was taken, with its WAL on its own volume and an identity of its own', async () => {
    const before = await look(one);
    await two.cloneFrom(one);
    await one.sql('INSERT INTO t VALUES (1)');
    const { flushLsn } = await one.up();
    await two.until(({ replayLsn }) => replayLsn! >= flushLsn!);
    expect(await two.sql('SELECT id FROM t')).toEqual([{ id: 1 }]);
    expect(readlinkSync(join(two.paths.pgdata, 'pg_wal'))).toBe(two.paths.walDir);
    const copy = await look(two);
    if (before.kind !== 'present' || copy.kind !== 'present') throw new Error(`not present: ${before.kind}, ${copy.kind}`);
    expect(copy.systemId).toBe(before.systemId);
    expect(copy.incarnation).not.toBeNull();
    expect(copy.incarnation).not.toBe(before.incarnation);
    expect(copy.wasPrimary).toBe(false);
  });

  test('of another system is refused before anything is touched', async () => {
    writeFileSync(join(two.folder, 'untouched'), '');
    await expect(cloneOf(one, two, '42')).rejects.toThrow(/is of system \d+, not 42/);
    expect(await look(two)).toEqual({ kind: 'absent' });
  });

  test('of a leader that has not made role and slot yet waits for them, and does not fail', async () => {
    const { systemId } = await one.up();
    await one.sql('ALTER ROLE cdk8s_replication RENAME TO later');
    const cloning = cloneOf(one, two, systemId);
    await sleep(300);
    await one.sql('ALTER ROLE later RENAME TO cdk8s_replication');
    await sleep(300);
    await reconcileSlots(one.paths, 'primary', [{ instance: 'two', lsn: null }]);
    await cloning;
    expect((await look(two)).kind).toBe('present');
  });

  test('of nobody there, or without a slot, fails and can be tried again', async () => {
    const { systemId } = await one.up();
    await expect(cloneOf(one, two, systemId)).rejects.toThrow(/replication slot "cdk8s_two" does not exist/);
    expect(['incomplete', 'absent']).toContain((await look(two)).kind);
    await one.server.stop('fast', 20_000);
    await expect(cloneOf(one, two, systemId)).rejects.toThrow(/ECONNREFUSED/);
    await one.start('primary');
    await two.cloneFrom(one);
  });

  test('that is aborted in its midst is incomplete, and the next one starts over', async () => {
    await one.sql('CREATE TABLE big AS SELECT repeat(md5(n::text), 30) AS filler FROM generate_series(1, 100000) AS n');
    const { systemId } = await one.up();
    await reconcileSlots(one.paths, 'primary', [{ instance: 'two', lsn: null }]);
    const abort = new AbortController();
    const cloning = cloneOf(one, two, systemId, abort.signal);
    while (!existsSync(join(two.paths.pgdata, 'backup_label')) && !existsSync(join(two.paths.pgdata, 'base'))) await sleep(2);
    abort.abort(new Error('no longer wanted'));
    await expect(cloning).rejects.toThrow('no longer wanted');
    expect(['incomplete', 'absent']).toContain((await look(two)).kind);
    expect(await unfinishedWork(two.paths)).toBe('clone');
    await two.cloneFrom(one);
    expect((await look(two)).kind).toBe('present');
    expect(await unfinishedWork(two.paths)).toBeUndefined();
  });

  test('moves what was there aside', async () => {
    await two.initialize();
    const before = await two.up();
    await two.server.stop('fast', 20_000);
    await two.cloneFrom(one);
    expect((await two.up()).systemId).not.toBe(before.systemId);
    expect(readdirSync(two.folder).filter((name) => /^data\.\d{8}T/.test(name))).toHaveLength(1);
  });
});

describe('a rewind', () => {
  test('of a crashed primary throws away what nobody else has, having counted and kept it, and then follows', async () => {
    const { systemId } = await diverge();
    const before = await look(one);
    await checkpoint(two.paths);
    const started = performance.now();
    const { divergedBytes, savedTo } = await rewindToTwo(systemId);
    console.log(`rewound ${divergedBytes} bytes in ${(performance.now() - started).toFixed(0)} ms`);
    expect(divergedBytes).toBeGreaterThan(100_000n);
    expect(readdirSync(savedTo!).length).toBeGreaterThan(0);
    expect(await unfinishedWork(one.paths)).toBeUndefined();
    const after = await look(one);
    if (before.kind !== 'present' || after.kind !== 'present') throw new Error(`not present: ${before.kind}, ${after.kind}`);
    expect(after.incarnation).toBe(before.incarnation);

    await reconcileSlots(two.paths, 'primary', [{ instance: 'one', lsn: null }]);
    await one.start('standby');
    await one.until(({ timeline, walReceiver }) => timeline === 2 && walReceiver?.status === 'streaming');
    const { flushLsn } = await two.up();
    await one.until(({ replayLsn }) => replayLsn! >= flushLsn!);
    expect(await one.sql('SELECT count(*)::int AS count, min(id) AS least FROM t')).toEqual([{ count: 10, least: 10001 }]);
  });

  test('works after the crashed primary was started as a standby and killed again', async () => {
    const { systemId } = await diverge();
    await checkpoint(two.paths);
    one.upstream = two.address;
    await one.start('standby');
    await one.server.kill();
    expect((await rewindToTwo(systemId)).divergedBytes).toBeGreaterThan(0n);
    await reconcileSlots(two.paths, 'primary', [{ instance: 'one', lsn: null }]);
    await one.start('standby');
    await one.until(({ timeline }) => timeline === 2);
  });

  test('waits for the source\'s checkpoint, its promotion, and the source itself, and leaves the data as it is', async () => {
    await two.cloneFrom(one);
    const { systemId } = await one.up();
    await one.sql('INSERT INTO t VALUES (1)');
    await one.server.kill();
    const before = await look(one);
    expect(await failureOf(rewindToTwo(systemId))).toBe('sourceUnavailable');
    await two.server.stop('fast', 20_000);
    expect(await failureOf(rewindToTwo(systemId))).toBe('sourceUnavailable');
    expect(await look(one)).toEqual(before);
    expect(await failureOf(rewindToTwo('42'))).toBe('sourceUnavailable');
    two.upstream = null;
    await two.start('standby');
    await two.server.promote(AbortSignal.timeout(10_000));
    expect(await failureOf(rewindToTwo('42'))).toBe('notPossible');
    expect(await look(one)).toEqual(before);
  });

  test('to a server of another history is told as impossible and leaves the data as it is', async () => {
    const three = await bed.instance('three');
    await three.initialize();
    const { systemId } = await three.up();
    await one.server.stop('fast', 20_000);
    const before = await look(one);
    one.upstream = three.address;
    await one.configure('standby');
    expect(await failureOf(rewind(one.paths, { upstream: three.address, systemId }, one.log, AbortSignal.timeout(60_000)))).toBe('notPossible');
    expect(await look(one)).toEqual(before);
  });

  test('that breaks in its midst leaves the data poisoned, and it can be cloned instead', async () => {
    const { systemId } = await diverge();
    await two.sql('CREATE TABLE big AS SELECT repeat(md5(n::text), 30) AS filler FROM generate_series(1, 100000) AS n');
    await checkpoint(two.paths);
    const abort = new AbortController();
    const killer = one.log.child({});
    killer.info = (...args: unknown[]) => {
      if (String(args[1]).includes('need to copy')) abort.abort(new Error('the node is lost'));
    };
    one.upstream = two.address;
    await one.configure('standby');
    await expect(rewind(one.paths, { upstream: two.address, systemId }, killer, abort.signal)).rejects.toThrow('the node is lost');
    expect(await look(one)).toMatchObject({ kind: 'poisoned' });
    await one.cloneFrom(two);
    expect(await look(one)).toMatchObject({ kind: 'present', timeline: 2 });
  });
});

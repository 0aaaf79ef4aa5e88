import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { TestBed, type TestInstance } from './support/instance';
import { Load, missingOn } from './support/load';
import { formatLsn, parseLsn, segmentFileName, segmentOf } from '../../../src/agent/core/lsn.js';
import { readControlData } from '../../../src/agent/postgres/controldata.js';
import { readHistory, walDirectory } from '../../../src/agent/postgres/history.js';
import type { WalEnd } from '../../../src/agent/postgres/types.js';
import { endOfRecord, readWalEnd } from '../../../src/agent/postgres/wal-end.js';

const SEGMENT = 16n * 1024n * 1024n;

let bed: TestBed;
let one: TestInstance;

beforeAll(async () => {
  bed = new TestBed();
  one = await bed.instance('one');
  await one.initialize();
});
afterAll(() => bed.remove());

/** Where PostgreSQL itself ends recovery: the new timeline's history says where it left the old one. */
async function endByPromotion(): Promise<WalEnd> {
  await one.start('standby');
  const { timeline } = await one.server.promote(AbortSignal.timeout(20_000));
  const fork = (await readHistory(one.paths, timeline)).at(-1)!;
  return fork;
}

test.each([1, 2, 3, 4, 5])('after a SIGKILL under load, the end that is read is the end that recovery reaches (%i)', async (round) => {
  const load = await Load.on(one);
  await sleep(100 * round);
  const { flushLsn } = await one.up();
  await sleep(20 * round);
  await one.server.kill();
  await load.stop();

  const started = performance.now();
  const sampled = await readWalEnd(one.paths, flushLsn!);
  const took = performance.now() - started;
  const whole = await readWalEnd(one.paths);
  expect(sampled).toEqual(whole);
  expect(sampled.lsn).toBeGreaterThanOrEqual(flushLsn!);
  expect(took).toBeLessThan(1000);
  expect(load.acknowledged.length).toBeGreaterThan(0);
  console.log(`end of WAL ${formatLsn(sampled.lsn)}, read in ${took.toFixed(0)} ms, ${load.acknowledged.length} commits`);

  expect(await endByPromotion()).toEqual(sampled);
  expect(await missingOn(one, load.acknowledged)).toEqual([]);
});

test('after a clean shutdown the end is that of the shutdown checkpoint', async () => {
  await one.server.stop('fast', 20_000);
  const { checkpointLsn, timeline } = await readControlData(one.paths);
  const end = await readWalEnd(one.paths);
  expect(end.timeline).toBe(timeline);
  expect(end.lsn).toBeGreaterThan(checkpointLsn);
  expect(await readWalEnd(one.paths, end.lsn)).toEqual(end);
  expect(await endByPromotion()).toEqual(end);
});

test('a segment switch as the last record ends at the next segment', async () => {
  await one.sql('CHECKPOINT');
  // Quiet, so that nothing follows the switch before the kill.
  await one.sql('SELECT pg_switch_wal()');
  await one.server.kill();
  const started = performance.now();
  const end = await readWalEnd(one.paths);
  expect(performance.now() - started).toBeLessThan(1000);
  expect(end.lsn % SEGMENT).toBe(0n);
  expect(await endByPromotion()).toEqual(end);
});

test('after a promotion without a checkpoint yet, the end is found on the new timeline', async () => {
  await one.server.stop('fast', 20_000);
  await one.start('standby');
  const { timeline } = await one.server.promote(AbortSignal.timeout(20_000));
  const [written] = await one.sql("SELECT pg_logical_emit_message(true, 'test', 'the last word')::text AS lsn");
  await one.server.kill();
  const control = await readControlData(one.paths);
  const end = await readWalEnd(one.paths);
  expect(end.timeline).toBe(timeline);
  expect(end.lsn).toBeGreaterThanOrEqual(parseLsn(String(written!.lsn)));
  expect(await endByPromotion()).toEqual(end);
  expect(control.timeline).toBe(timeline);
});

test('segments that were made ahead and never written do not mislead', async () => {
  await one.sql("SELECT pg_logical_emit_message(true, 'test', 'x')");
  await one.server.kill();
  const end = await readWalEnd(one.paths);
  const last = segmentOf(end.lsn, Number(SEGMENT));
  for (let ahead = 1n; ahead <= 20n; ahead++) {
    const path = join(walDirectory(one.paths), segmentFileName(end.timeline, last + ahead, Number(SEGMENT)));
    writeFileSync(path, '', { flag: 'a' });
    truncateSync(path, Number(SEGMENT));
  }
  expect(await readWalEnd(one.paths)).toEqual(end);
  expect(await readWalEnd(one.paths, end.lsn)).toEqual(end);
  expect(await endByPromotion()).toEqual(end);
});

test('a sample beyond the end, or in the midst of a record, does no harm', async () => {
  const load = await Load.on(one);
  await sleep(200);
  await one.server.kill();
  await load.stop();
  const end = await readWalEnd(one.paths);
  for (const sample of [end.lsn + 1_000_000n, end.lsn + 1n, end.lsn - 1n, end.lsn - 4096n, end.lsn - 12_345n, 1n]) {
    expect(await readWalEnd(one.paths, sample)).toEqual(end);
  }
  await endByPromotion();
});

test('the end of a record counts the headers of the pages that it runs over', () => {
  const segment = Number(SEGMENT);
  expect(endOfRecord(40n, 100, segment)).toBe(144n);
  expect(endOfRecord(8192n - 24n, 24, segment)).toBe(8192n);
  expect(endOfRecord(8192n - 24n, 25, segment)).toBe(8192n + 24n + 8n);
  expect(endOfRecord(BigInt(segment) - 24n, 32, segment)).toBe(BigInt(segment) + 40n + 8n);
  fc.assert(fc.property(fc.integer({ min: 5, max: 1000 }), fc.integer({ min: 24, max: 100_000 }), (start, length) => {
    const end = endOfRecord(BigInt(start) * 8n + 40n, length, segment);
    const pages = Math.ceil(length / (8192 - 24)) + 1;
    expect(end % 8n).toBe(0n);
    expect(Number(end - BigInt(start) * 8n - 40n)).toBeGreaterThanOrEqual(length);
    expect(Number(end - BigInt(start) * 8n - 40n)).toBeLessThanOrEqual(length + pages * 40 + 8);
  }));
});

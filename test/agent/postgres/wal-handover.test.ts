import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { TestBed, type TestInstance } from './support/instance';
import { Load, missingOn } from './support/load';
import { segmentFileName, segmentOf } from '../../../src/agent/core/lsn.js';
import { readHistory } from '../../../src/agent/postgres/history.js';
import type { WalEnd } from '../../../src/agent/postgres/types.js';
import { readWalEnd } from '../../../src/agent/postgres/wal-end.js';
import { clearHandover, receiveWal, sendWal } from '../../../src/agent/postgres/wal-handover.js';

const SEGMENT = 16 * 1024 * 1024;
let bed: TestBed;
let primary: TestInstance;
let candidate: TestInstance;

beforeEach(async () => {
  bed = new TestBed();
  primary = await bed.instance('one');
  candidate = await bed.instance('two');
  await primary.initialize();
});
afterEach(() => bed.remove());

/** The primary dies with megabytes of WAL that its standby's receiver, frozen meanwhile, never got. */
async function crashWithTail(megabytes: number): Promise<{ load: Load; end: WalEnd; received: bigint }> {
  await candidate.cloneFrom(primary);
  const load = await Load.on(primary);
  await sleep(200);
  const [receiver] = await candidate.sql('SELECT pid FROM pg_stat_wal_receiver');
  process.kill(Number(receiver!.pid), 'SIGSTOP');
  await primary.sql("INSERT INTO written SELECT -n, repeat('y', 1000) FROM generate_series(1, $1::int * 1000) AS n", [megabytes]);
  await sleep(200);
  await primary.server.kill();
  await load.stop();
  process.kill(Number(receiver!.pid), 'SIGCONT');
  const { receiveLsn } = await candidate.until((seen) => seen.walReceiver === null);
  return { load, end: await readWalEnd(primary.paths), received: receiveLsn! };
}

async function handOver(end: WalEnd, from: bigint): Promise<{ files: string[]; bytes: number }> {
  return receiveWal(candidate.paths, sendWal(primary.paths, { timeline: end.timeline, from, end: end.lsn }));
}

test.each([['following the dead primary', false], ['sealed', true]])(
  'a candidate, %s, replays what is handed over to exactly the end, and then has every acknowledged commit', async (_, sealed) => {
    const { load, end, received } = await crashWithTail(40);
    expect(received).toBeLessThan(end.lsn);
    expect(await missingOn(candidate, load.acknowledged)).not.toEqual([]);
    if (sealed) {
      candidate.upstream = null;
      await candidate.configure('standby');
      candidate.server.reload();
    }

    const started = performance.now();
    const handed = await handOver(end, received);
    const arrived = performance.now();
    candidate.server.reload();
    await candidate.until((seen) => seen.replayLsn === end.lsn);
    const replayed = performance.now();
    console.log(`${handed.bytes} bytes of WAL in ${handed.files.length} files: ${(arrived - started).toFixed(0)} ms to hand over, `
      + `${(replayed - arrived).toFixed(0)} ms to replay`);
    expect(handed.files.length).toBeGreaterThan(1);
    expect(await candidate.up()).toMatchObject({ replayLsn: end.lsn, receiveLsn: end.lsn });

    const { timeline } = await candidate.server.promote(AbortSignal.timeout(10_000));
    expect(await readHistory(candidate.paths, timeline)).toEqual([{ timeline: end.timeline, lsn: end.lsn }]);
    expect(load.acknowledged.length).toBeGreaterThan(0);
    expect(await missingOn(candidate, load.acknowledged)).toEqual([]);
    await clearHandover(candidate.paths);
    expect(readdirSync(candidate.paths.handoverDir)).toEqual([]);
  },
);

test('a tail within one segment is replayed quickly', async () => {
  const { load, end, received } = await crashWithTail(2);
  const started = performance.now();
  await handOver(end, received);
  candidate.server.reload();
  await candidate.until((seen) => seen.replayLsn === end.lsn);
  const took = performance.now() - started;
  console.log(`${end.lsn - received} bytes behind: caught up in ${took.toFixed(0)} ms`);
  expect(took).toBeLessThan(2000);
  await candidate.server.promote(AbortSignal.timeout(10_000));
  expect(await missingOn(candidate, load.acknowledged)).toEqual([]);
});

test('what is handed over ends with zeros after the last valid byte', async () => {
  await primary.sql("SELECT pg_logical_emit_message(true, 'test', 'not at the beginning of a segment')");
  await primary.server.kill();
  const end = await readWalEnd(primary.paths);
  const { files } = await handOver(end, end.lsn - 1n);
  expect(files).toEqual([segmentFileName(end.timeline, segmentOf(end.lsn, SEGMENT), SEGMENT)]);
  const path = join(candidate.paths.handoverDir, files[0]!);
  expect(statSync(path).size).toBe(SEGMENT);
  const handed = readFileSync(path);
  const original = readFileSync(join(primary.paths.pgdata, 'pg_wal', files[0]!));
  const valid = Number(end.lsn % BigInt(SEGMENT));
  expect(handed.subarray(0, valid).equals(original.subarray(0, valid))).toBe(true);
  expect(handed.subarray(valid).every((byte) => byte === 0)).toBe(true);
});

test('across a timeline, each segment comes from the timeline that owns it, with the history that tells so', async () => {
  await primary.sql('SELECT pg_switch_wal()');
  const { flushLsn } = await primary.up();
  await primary.server.stop('fast', 20_000);
  await primary.start('standby');
  await primary.server.promote(AbortSignal.timeout(10_000));
  await primary.sql('SELECT pg_switch_wal()');
  await primary.sql("SELECT pg_logical_emit_message(true, 'test', 'after the switch')");
  await primary.server.kill();
  const end = await readWalEnd(primary.paths);
  const { files } = await handOver(end, flushLsn! - 1n);
  const first = segmentOf(flushLsn! - 1n, SEGMENT);
  expect(files).toEqual(['00000002.history', segmentFileName(1, first, SEGMENT), segmentFileName(2, first + 1n, SEGMENT), segmentFileName(2, first + 2n, SEGMENT)]);
});

test('a stream that is cut or malformed leaves nothing that recovery could find', async () => {
  await primary.server.kill();
  const end = await readWalEnd(primary.paths);
  const whole: Buffer[] = [];
  for await (const chunk of sendWal(primary.paths, { timeline: 1, from: end.lsn - 1n, end: end.lsn })) whole.push(chunk as Buffer);
  const bytes = Buffer.concat(whole);
  const cut = (length: number) => receiveWal(candidate.paths, Readable.from([bytes.subarray(0, length)]));
  for (const length of [0, 10, 1000, bytes.length - 13]) await expect(cut(length)).rejects.toThrow(/cut before its end/);
  for (const name of ['../../data/PG_VERSION', '000000010000000000000001.partial', 'RECOVERYXLOG']) {
    const header = `${JSON.stringify({ name, bytes: 1, size: SEGMENT })}\n`;
    await expect(receiveWal(candidate.paths, Readable.from([Buffer.from(header)]))).rejects.toThrow(/malformed/);
  }
  expect(readdirSync(candidate.paths.handoverDir).filter((name) => !name.startsWith('.'))).toEqual([]);
  expect((await handOver(end, end.lsn - 1n)).files).toHaveLength(1);
});

import { TestBed, type TestInstance } from './support/instance';
import { readHistory } from '../../../src/agent/postgres/history.js';

let bed: TestBed;
let one: TestInstance;
let two: TestInstance;

beforeAll(async () => {
  bed = new TestBed();
  one = await bed.instance('one');
  two = await bed.instance('two');
  await one.initialize();
  await two.cloneFrom(one);
});
afterAll(() => bed.remove());

test('a primary tells its position, its timeline and who streams from it', async () => {
  const seen = await one.until(({ replication }) => replication.length > 0 && replication[0]!.flushLsn !== null);
  expect(seen).toMatchObject({ inRecovery: false, timeline: 1, receiveLsn: null, replayLsn: null, walReceiver: null });
  expect(seen.replication).toMatchObject([{ applicationName: 'two', state: 'streaming', syncState: 'async' }]);
  expect(seen.writeLsn).toBeGreaterThanOrEqual(seen.flushLsn!);
});

test('a standby tells what it has received and replayed, and from whom', async () => {
  await one.sql('CREATE TABLE t AS SELECT 1');
  const { flushLsn, systemId } = await one.up();
  const seen = await two.until(({ receiveLsn, replayLsn }) => receiveLsn! >= flushLsn! && replayLsn! >= flushLsn!);
  expect(seen).toMatchObject({
    systemId, inRecovery: true, timeline: 1, writeLsn: null, replayPaused: false,
    walReceiver: { status: 'streaming', senderHost: 'one.test', receivedTimeline: 1 },
  });
});

test('received but not replayed WAL counts', async () => {
  await two.sql('SELECT pg_wal_replay_pause()');
  await two.until(({ replayPaused }) => replayPaused);
  await one.sql('CREATE TABLE u AS SELECT generate_series(1, 1000)');
  const { flushLsn } = await one.up();
  const seen = await two.until(({ receiveLsn }) => receiveLsn! >= flushLsn!);
  expect(seen.replayLsn).toBeLessThan(flushLsn!);
  await two.sql('SELECT pg_wal_replay_resume()');
});

test('a server that does not answer is told as unresponsive within little more than a second, and found again afterwards', async () => {
  const [{ pid }] = await one.sql("SELECT pid FROM pg_stat_activity WHERE application_name = 'cdk8s-postgres-agent' AND pid <> pg_backend_pid()") as [{ pid: number }];
  const state = one.server.state();
  const postmaster = state.kind === 'running' ? state.pid : 0;
  for (const process_ of [postmaster, pid]) process.kill(process_, 'SIGSTOP');
  try {
    for (let round = 0; round < 2; round++) {
      const started = Date.now();
      expect(await one.probe.probe()).toEqual({ kind: 'unresponsive' });
      expect(Date.now() - started).toBeLessThan(1500);
    }
  } finally {
    for (const process_ of [postmaster, pid]) process.kill(process_, 'SIGCONT');
  }
  expect(await one.up()).toMatchObject({ kind: 'up', inRecovery: false });
});

test('a restarted server is seen through the connection to its predecessor', async () => {
  const { startedAt } = await one.up();
  await one.server.stop('fast', 20_000);
  expect(await one.probe.probe()).toMatchObject({ kind: 'down' });
  await one.server.start('primary');
  expect((await one.up()).startedAt).not.toBe(startedAt);
});

test('a standby that has followed to a new timeline tells so, also when its receiver is gone', async () => {
  // A clean stop waits for the standbys that stream, and for no others.
  await two.until(({ walReceiver }) => walReceiver?.status === 'streaming');
  await one.server.stop('fast', 20_000);
  two.upstream = null;
  await two.server.promote(AbortSignal.timeout(10_000));
  const [fork] = await readHistory(two.paths, 2);
  expect(fork!.timeline).toBe(1);
  await two.sql("SELECT pg_create_physical_replication_slot('cdk8s_one', true)");
  one.upstream = two.address;
  await one.start('standby');
  // First it is sent the rest of the timeline that it knows.
  expect((await one.until(({ timeline }) => timeline === 2)).walReceiver).toMatchObject({ receivedTimeline: 2 });
  await two.server.stop('fast', 20_000);
  expect((await one.until(({ walReceiver }) => walReceiver === null)).timeline).toBe(2);
});

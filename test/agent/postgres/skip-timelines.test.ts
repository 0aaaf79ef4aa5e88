import { TestBed, type TestInstance } from './support/instance';
import { forgetSkippedTimelines, readHistory, skipTimelines } from '../../../src/agent/postgres/history.js';
import { checkpoint } from '../../../src/agent/postgres/local.js';
import { rewind } from '../../../src/agent/postgres/rewind.js';
import { reconcileSlots } from '../../../src/agent/postgres/slots.js';

let bed: TestBed;
beforeEach(() => { bed = new TestBed(); });
afterEach(() => bed.remove());

const soon = () => AbortSignal.timeout(20_000);

async function follow(replica: TestInstance, primary: TestInstance): Promise<void> {
  replica.upstream = primary.address;
  await replica.configure('standby');
  replica.server.reload();
  await replica.until((seen) => seen.walReceiver?.status === 'streaming' && seen.timeline === 3);
}

test('a promotion that skips a timeline of another instance is followed by a replica, rewound to by the other, and followed again after restarts', async () => {
  const [one, two, three] = [await bed.instance('one'), await bed.instance('two'), await bed.instance('three')];
  await one.initialize();
  await one.sql('CREATE TABLE t (id int PRIMARY KEY)');
  await two.cloneFrom(one);
  await three.cloneFrom(one);
  const { systemId, flushLsn } = await one.up();
  for (const replica of [two, three]) await replica.until(({ replayLsn }) => replayLsn! >= flushLsn!);
  await one.server.kill();

  // Nobody but `one` itself sees timeline 2, which it makes where `two` makes timeline 3.
  for (const replica of [two, three]) {
    replica.upstream = null;
    await replica.configure('standby');
    replica.server.reload();
  }
  one.upstream = null;
  await one.start('standby');
  await one.server.promote(soon());
  await one.sql('INSERT INTO t VALUES (2)');
  await one.server.kill();

  await skipTimelines(two.paths, 1, 3);
  expect(await two.server.promote(soon())).toEqual({ timeline: 3 });
  await two.sql('INSERT INTO t VALUES (3)');
  await checkpoint(two.paths);
  expect((await readHistory(two.paths, 3)).map((fork) => fork.timeline)).toEqual([1]);

  await reconcileSlots(two.paths, 'primary', [{ instance: 'one', lsn: null }, { instance: 'three', lsn: null }]);
  await follow(three, two);
  await one.configure('standby');
  expect((await rewind(one.paths, { upstream: two.address, systemId }, one.log, soon())).divergedBytes).toBeGreaterThan(0n);
  one.upstream = two.address;
  await one.start('standby');
  await follow(one, two);

  for (const replica of [one, three]) {
    await replica.server.stop('fast', 20_000);
    await replica.start('standby');
    await replica.until((seen) => seen.walReceiver?.status === 'streaming');
  }
  await two.sql('INSERT INTO t VALUES (4)');
  const written = (await two.up()).flushLsn!;
  for (const replica of [one, three]) {
    await replica.until(({ replayLsn }) => replayLsn! >= written);
    expect(await replica.sql('SELECT id FROM t ORDER BY id')).toEqual([{ id: 3 }, { id: 4 }]);
  }
});

test('a standby that was not promoted after all starts again', async () => {
  const one = await bed.instance('one');
  await one.initialize();
  await one.server.stop('fast', 20_000);
  await skipTimelines(one.paths, 1, 4);
  await forgetSkippedTimelines(one.paths, 1);
  await one.start('standby');
  expect((await one.up()).inRecovery).toBe(true);
  expect(await one.server.promote(soon())).toEqual({ timeline: 2 });
});

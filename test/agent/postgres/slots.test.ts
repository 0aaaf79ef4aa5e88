import { TestBed, type TestInstance } from './support/instance';
import { parseLsn } from '../../../src/agent/core/lsn.js';
import { reconcileSlots, slotName } from '../../../src/agent/postgres/slots.js';

let bed: TestBed;
let one: TestInstance;
let two: TestInstance;

beforeAll(async () => {
  bed = new TestBed();
  one = await bed.instance('one');
  two = await bed.instance('two');
  await one.initialize();
});
afterAll(() => bed.remove());

const slots = (on: TestInstance) => on.sql('SELECT slot_name AS name, restart_lsn::text AS lsn FROM pg_replication_slots ORDER BY 1') as Promise<{ name: string; lsn: string }[]>;

test('a name is what PostgreSQL allows, and two instances never share one', () => {
  expect(slotName('orders-1')).toBe('cdk8s_orders_1');
  const long = `${'a'.repeat(80)}-`;
  expect(slotName(`${long}1`)).toHaveLength(63);
  expect(slotName(`${long}1`)).not.toBe(slotName(`${long}2`));
});

test('there is one for each other instance, reserved at once, and none for those that left', async () => {
  await one.sql("SELECT pg_create_physical_replication_slot('somebody_elses')");
  const others = ['two', 'three'].map((instance) => ({ instance, lsn: null }));
  expect(await reconcileSlots(one.paths, 'primary', others)).toEqual({ created: ['cdk8s_two', 'cdk8s_three'], dropped: [], lost: [] });
  expect((await slots(one)).map(({ name, lsn }) => [name, lsn !== null])).toEqual([['cdk8s_three', true], ['cdk8s_two', true], ['somebody_elses', false]]);
  expect(await reconcileSlots(one.paths, 'primary', others)).toEqual({ created: [], dropped: [], lost: [] });
  expect(await reconcileSlots(one.paths, 'primary', others.slice(0, 1))).toEqual({ created: [], dropped: ['cdk8s_three'], lost: [] });
});

test('on a standby they move along with what their owners report, never beyond what is replayed, never back', async () => {
  await two.cloneFrom(one);
  await reconcileSlots(two.paths, 'standby', [{ instance: 'one', lsn: null }]);
  const at = async () => parseLsn((await slots(two))[0]!.lsn);
  const start = await at();
  await one.sql('CREATE TABLE moved AS SELECT generate_series(1, 10000)');
  const { flushLsn } = await one.up();
  await two.until(({ replayLsn }) => replayLsn! >= flushLsn!);
  await reconcileSlots(two.paths, 'standby', [{ instance: 'one', lsn: flushLsn }]);
  expect(await at()).toBe(flushLsn);
  expect(await at()).toBeGreaterThan(start);
  await reconcileSlots(two.paths, 'standby', [{ instance: 'one', lsn: start }]);
  expect(await at()).toBe(flushLsn);
  await reconcileSlots(two.paths, 'standby', [{ instance: 'one', lsn: flushLsn! + 10_000_000_000n }]);
  expect(await at()).toBeLessThanOrEqual((await two.up()).replayLsn!);
});

test('one whose WAL had to be let go is told and made anew', async () => {
  one.parameters = { max_slot_wal_keep_size: '1MB', wal_keep_size: '0', max_wal_size: '32MB', min_wal_size: '32MB' };
  await one.configure('primary');
  one.server.reload();
  // Else it might be too slow for so little WAL.
  await two.server.stop('fast', 20_000);
  const others = [{ instance: 'three', lsn: null }];
  await reconcileSlots(one.paths, 'primary', others);
  for (let i = 0; i < 4; i++) {
    await one.sql("SELECT pg_logical_emit_message(true, 'test', 'x')");
    await one.sql('SELECT pg_switch_wal()');
  }
  await one.sql('CHECKPOINT');
  const changes = await reconcileSlots(one.paths, 'primary', others);
  expect(changes).toEqual({ created: ['cdk8s_three'], dropped: ['cdk8s_three'], lost: ['cdk8s_three'] });
  expect((await slots(one)).find(({ name }) => name === 'cdk8s_three')!.lsn).not.toBeNull();
});

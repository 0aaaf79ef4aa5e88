import { ApiServer } from './support/api-server';
import { apply, bindAgent, NAMESPACE, synthesize } from './support/orders';
import { must, until } from './support/results';
import type { Holder, LeaderRecord, LeaseRecord } from '../../../src/agent/core/types.js';
import { KubeLeaseStore } from '../../../src/agent/kube/lease.js';
import type { LeaseReading } from '../../../src/agent/kube/types.js';

const LEASE = synthesize().spec.objects.lease;
const one: Holder = { instance: 'orders-1', podUid: 'pod-1', bootId: 'boot-1', kernelBootId: 'kernel-1' };
const two: Holder = { ...one, instance: 'orders-2', podUid: 'pod-2' };
const leader: LeaderRecord = {
  systemId: '7432198765432109876',
  timeline: 3,
  reserved: 4,
  lsn: 0x16_b374_d848n,
  release: { kind: 'crashed', from: 'orders-3', timeline: 2, lsn: 0xffff_ffff_ffff_ffffn },
  inherited: null,
};
const held = (holder: Holder | null) => ({ holder, leader, leaseDuration: 10_000 });

let server: ApiServer;
let leases: KubeLeaseStore;
beforeAll(async () => {
  server = await ApiServer.start();
  const { manifests } = synthesize();
  apply(server, manifests);
  bindAgent(server, manifests);
}, 90_000);
afterAll(() => server.stop());
beforeEach(() => {
  server.kubectl(['-n', NAMESPACE, 'delete', 'lease', LEASE, '--ignore-not-found']);
  leases = new KubeLeaseStore(server.api('agent', NAMESPACE), LEASE, 'orders');
});

test('a Lease that was never made is absent, which is no failure', async () => {
  expect(await leases.get()).toEqual({ ok: true, value: { kind: 'absent' } });
});

test('what was written is read back, WAL positions of full size and the release included', async () => {
  const created = must(await leases.create(held(one)));
  expect(created).toMatchObject({ holder: one, leader, term: 1 });
  expect(must(await leases.get())).toEqual({ kind: 'present', record: created });
});

test('of two who create it, one succeeds and the other is told that it exists', async () => {
  const results = await Promise.all([leases.create(held(one)), leases.create(held(two))]);
  expect(results.map((result) => result.ok || result.kind).sort()).toEqual(['exists', true]);
});

test('of many who claim the same version, exactly one succeeds', async () => {
  const free = must(await leases.create(held(null)));
  const results = await Promise.all([one, two, one, two, one, two].map((holder) => leases.replace(free, held(holder))));
  expect(results.map((result) => result.ok || result.kind).sort()).toEqual([...Array<string>(5).fill('conflict'), true]);
});

test('a renewal keeps the term; a new holder raises it; letting go does not', async () => {
  const terms = [];
  let record: LeaseRecord = must(await leases.create(held(one)));
  terms.push(record.term);
  for (const holder of [one, null, two, two, one]) {
    record = must(await leases.replace(record, held(holder)));
    terms.push(record.term);
  }
  expect(terms).toEqual([1, 1, 1, 2, 2, 3]);
});

test('a claim for a Lease that was deleted meanwhile does not bring it back to life', async () => {
  const record = must(await leases.create(held(one)));
  server.kubectl(['-n', NAMESPACE, 'delete', 'lease', LEASE]);
  expect(await leases.replace(record, held(two))).toMatchObject({ ok: false, kind: 'notFound' });
  expect(must(await leases.get())).toEqual({ kind: 'absent' });
});

test('a claim for a Lease that was deleted and made again by somebody else is a conflict', async () => {
  const record = must(await leases.create(held(one)));
  server.kubectl(['-n', NAMESPACE, 'delete', 'lease', LEASE]);
  const again = must(await leases.create(held(two)));
  expect(await leases.replace(record, held(one))).toMatchObject({ ok: false, kind: 'conflict' });
  expect(must(await leases.get())).toEqual({ kind: 'present', record: again });
});

test.each([
  ['another program\'s holder', ['patch', 'lease', LEASE, '--type=merge', '-p', '{"spec":{"holderIdentity":"somebody"}}'], 'not an agent of this library: somebody'],
  ['a broken record', ['annotate', 'lease', LEASE, '--overwrite', 'cdk8s-postgres/leader={'], 'cannot be read'],
  ['a newer format', ['annotate', 'lease', LEASE, '--overwrite', 'cdk8s-postgres/leader={"v":2}'], 'cannot be read'],
  ['no record', ['annotate', 'lease', LEASE, 'cdk8s-postgres/leader-'], 'it is missing'],
])('%s makes the Lease unreadable and says why', async (_, change, why) => {
  must(await leases.create(held(one)));
  server.kubectl(['-n', NAMESPACE, ...change]);
  expect(must(await leases.get())).toMatchObject({ kind: 'unreadable', why: expect.stringContaining(why) as string });
});

test('the watch tells of a change within a second, and of the deletion', async () => {
  const seen: LeaseReading[] = [];
  const stop = new AbortController();
  const watching = leases.watch((reading) => seen.push(reading), stop.signal);
  await until(() => seen.length > 0);
  const record = must(await leases.create(held(one)));
  await until(() => seen.at(-1)?.kind === 'present');
  expect(seen.at(-1)).toEqual({ kind: 'present', record });
  server.kubectl(['-n', NAMESPACE, 'delete', 'lease', LEASE]);
  await until(() => seen.at(-1)?.kind === 'absent');
  stop.abort();
  await watching;
});

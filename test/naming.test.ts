import * as fc from 'fast-check';
import { ClusterNames, NAME_LIMITS, objectName, RESERVED_INSTANCE_NAMES } from '../src/naming';
import { isDnsLabel, isServiceName } from '../src/validation';

const letters = 'abcdef0-_A'.split('');
/** Few letters and short words, so that look-alikes such as a-b + c and a + b-c come up often. */
const part = fc.string({ unit: fc.constantFrom(...letters), minLength: 1, maxLength: 6 })
  .filter((text) => /^[a-z0-9_A]/.test(text) && /[a-zA-Z0-9]/.test(text));
const longPart = fc.string({ unit: fc.constantFrom(...letters), minLength: 30, maxLength: 63 }).filter((text) => /[a-z0-9]/.test(text));
const hashLike = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'.split('')), minLength: 8, maxLength: 8 });
const anyPart = fc.oneof({ weight: 4, arbitrary: part }, { weight: 1, arbitrary: longPart }, { weight: 2, arbitrary: hashLike });
const cluster = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: fc.constantFrom(...'ab0-'.split('')), minLength: 1, maxLength: 8 }) },
  { weight: 1, arbitrary: fc.string({ unit: fc.constantFrom(...'ab0-'.split('')), minLength: 40, maxLength: 63 }) },
  { weight: 1, arbitrary: hashLike.map((hash) => `a-${hash}`) },
).filter(isServiceName);
/** The words and numbers of parts that one kind of object has: names are compared within a kind only. */
const shapes: { kind: string; limit: number; parts: number; fixed?: string; words: (string | undefined)[] }[] = [
  { kind: 'StatefulSet', limit: NAME_LIMITS.statefulSet, parts: 1, words: [undefined] },
  { kind: 'StatefulSet', limit: NAME_LIMITS.statefulSet, parts: 0, words: ['repo'] },
  { kind: 'CronJob', limit: NAME_LIMITS.cronJob, parts: 2, words: ['backup'] },
  { kind: 'Service', limit: NAME_LIMITS.service, parts: 0, words: ['rw', 'ro', 'r', 'instances', 'repo', 'pooler'] },
  { kind: 'Secret', limit: NAME_LIMITS.object, parts: 0, words: ['ca', 'server', 'replication', 'rewind', 'agent', 'pgbackrest', 'backup', 'monitoring', 'pooler'] },
  { kind: 'Secret', limit: NAME_LIMITS.object, parts: 1, words: ['user'] },
  { kind: 'PersistentVolumeClaim', limit: NAME_LIMITS.object, parts: 1, words: ['data', 'wal', 'repo'] },
  { kind: 'PodDisruptionBudget', limit: NAME_LIMITS.object, parts: 0, words: [undefined] },
  { kind: 'PodDisruptionBudget', limit: NAME_LIMITS.object, parts: 1, fixed: '-pooler', words: [undefined] },
  { kind: 'PersistentVolumeClaim', limit: NAME_LIMITS.object, parts: 2, words: ['tablespace'] },
];
interface Logical { kind: string; limit: number; cluster: string; parts: string[]; word?: string }
const logical: fc.Arbitrary<Logical> = fc.constantFrom(...shapes).chain(({ kind, limit, parts, fixed, words }) => fc.record({
  kind: fc.constant(kind),
  limit: fc.constant(limit),
  cluster,
  parts: fixed === undefined ? fc.array(anyPart, { minLength: parts, maxLength: parts }) : fc.constant([fixed]),
  word: fc.constantFrom(...words),
}));
const nameOf = (name: Logical) => objectName(name.limit, name.cluster, name.parts, name.word);

test('two different objects of one kind never get one name', () => {
  fc.assert(fc.property(fc.array(logical, { minLength: 100, maxLength: 300 }), (names) => {
    const seen = new Map<string, string>();
    for (const name of names) {
      const key = `${name.kind} ${nameOf(name)}`;
      const what = JSON.stringify([name.cluster, name.parts, name.word]);
      if ((seen.get(key) ?? what) !== what) throw new Error(`${key} names both ${what} and ${seen.get(key)}`);
      seen.set(key, what);
    }
  }), { numRuns: 300 });
});

test('no name is longer than Kubernetes takes, and each is a valid one', () => {
  fc.assert(fc.property(logical, (name) => {
    expect(nameOf(name).length).toBeLessThanOrEqual(name.limit);
    expect(nameOf(name)).toMatch(/^[a-z]([-a-z0-9]*[a-z0-9])?$/);
  }), { numRuns: 2000 });
});

test('a name is cut only when it is too long, and then no more than needed', () => {
  expect(objectName(52, 'a'.repeat(46), ['12345'])).toBe(`${'a'.repeat(46)}-12345`);
  const cut = objectName(52, 'a'.repeat(47), ['12345']);
  expect(cut).toMatch(/^a{37}-12345-[0-9a-f]{8}$/);
  expect(cut).toHaveLength(52);
});

test('two clusters whose long names differ at the end only do not share a name', () => {
  const [one, other] = ['x', 'y'].map((end) => objectName(52, `${'a'.repeat(60)}${end}`, ['1']));
  expect(one).not.toBe(other);
});

test('what looks alike once it is joined is told apart', () => {
  expect(objectName(253, 'a-b', ['c'], 'data')).toBe('a-b-c-data');
  expect(objectName(253, 'a', ['b-c'], 'data')).toMatch(/^a-b-c-data-[0-9a-f]{8}$/);
  expect(objectName(253, 'a', ['b_c'], 'data')).not.toBe(objectName(253, 'a', ['b-c'], 'data'));
  expect(objectName(253, 'a', ['App'], 'user')).not.toBe(objectName(253, 'a', ['app'], 'user'));
});

test('names do not change from one release to the next', () => {
  const names = new ClusterNames('orders');
  expect({
    statefulSet: names.statefulSet('1'),
    pod: names.pod('1'),
    data: names.dataClaim('1'),
    wal: names.walClaim('zone-a'),
    tablespace: names.tablespaceClaim('1', 'old_data'),
    user: names.userSecret('app_rw'),
  }).toEqual({
    statefulSet: 'orders-1',
    pod: 'orders-1-0',
    data: 'orders-1-data',
    wal: 'orders-zone-a-wal-37ef63fe',
    tablespace: 'orders-1-old-data-tablespace-fdd68f2e',
    user: 'orders-app-rw-user-9efbb922',
  });
});

test('a pod\'s name and revision stay valid label values for the longest cluster and instance', () => {
  const names = new ClusterNames('c'.repeat(63));
  for (const instance of ['1', 'i'.repeat(63)]) {
    expect(isDnsLabel(names.pod(instance))).toBe(true);
    expect(`${names.statefulSet(instance)}-5d8c7d8f9b`.length).toBeLessThanOrEqual(63);
  }
});

test('no instance can take the name of a Service', () => {
  const names = new ClusterNames('orders');
  for (const service of [names.readWriteService, names.readOnlyService, names.readService, names.instancesService]) {
    expect(RESERVED_INSTANCE_NAMES).toContain(service.slice('orders-'.length));
  }
});

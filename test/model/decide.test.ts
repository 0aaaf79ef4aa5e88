/** `decide` over every combination of the classes of what it can see: what it must never do, and what it must not wait for, whatever it sees. */
import { snapshots } from './classes';
import { check, PROMISES } from './promises';
import { decide } from '../../src/agent/core/decide';

const { total, promises } = check(decide, snapshots());

it('looks at a million combinations or more', () => {
  expect(total).toBeGreaterThan(1_000_000);
});

it.each(PROMISES)('$promise', ({ promise }) => {
  const { times, broken } = promises.get(promise)!;
  expect(broken).toBeNull();
  // A promise that is never put to the test proves nothing.
  expect(times).toBeGreaterThan(0);
});

import { decidePooling, longestPause, type Pooling } from '../../../src/agent/core/pooling.js';
import { DEFAULT_TIMING, FAST_TIMING, FRUGAL_TIMING } from '../../../src/contract';

const reign = { instance: '1', id: '7/1' };
const settled: Pooling = { now: 100_000, reign, serves: false, pointedTo: '7/1', pausedSince: null, longestPause: 15_000, pauseSpent: false };
const decide = (change: Partial<Pooling>) => decidePooling({ ...settled, ...change });

test('while the primary is the one that pgBouncer knows, nothing is done', () => {
  expect(decide({})).toEqual({ do: 'wait' });
});

test.each([
  ['nobody holds the Lease', { reign: null }],
  ['another instance does, and does not take writes yet', { reign: { instance: '2', id: '8/2' } }],
  ['the same instance does again, whose PostgreSQL was not primary in between', { reign: { instance: '1', id: '8/1' } }],
])('clients are held back when %s', (_, change) => {
  expect(decide(change)).toEqual({ do: 'pause' });
});

test('clients go on only to an instance that holds the Lease and takes writes', () => {
  const next = { instance: '2', id: '8/2' };
  const waiting = { reign: next, pausedSince: settled.now - 1_000 };
  expect(decide(waiting)).toEqual({ do: 'wait' });
  expect(decide({ ...waiting, serves: true })).toEqual({ do: 'point', reign: next });
  expect(decide({ ...waiting, pointedTo: '8/2' })).toEqual({ do: 'resume', spent: false });
  expect(decide({ ...waiting, reign: null, serves: true })).toEqual({ do: 'wait' });
});

test('a pause expires by itself, and another begins only after clients were served again (I43)', () => {
  expect(decide({ reign: null, pausedSince: settled.now - settled.longestPause + 1 })).toEqual({ do: 'wait' });
  expect(decide({ reign: null, pausedSince: settled.now - settled.longestPause })).toEqual({ do: 'resume', spent: true });
  expect(decide({ reign: null, pauseSpent: true })).toEqual({ do: 'wait' });
  expect(decide({ reign: { instance: '2', id: '8/2' }, serves: true, pauseSpent: true })).toMatchObject({ do: 'point' });
});

test('a pgBouncer that does not run is started as soon as there is a primary, and never paused', () => {
  expect(decide({ pointedTo: null, reign: null })).toEqual({ do: 'wait' });
  expect(decide({ pointedTo: null })).toEqual({ do: 'wait' });
  expect(decide({ pointedTo: null, serves: true })).toEqual({ do: 'point', reign });
});

test.each([['fast', FAST_TIMING], ['default', DEFAULT_TIMING], ['frugal', FRUGAL_TIMING]])('with the timing %s clients are held back for longer than the election takes that follows a lost node', (_, timing) => {
  expect(longestPause(timing)).toBeGreaterThan(timing.leaseDuration);
});

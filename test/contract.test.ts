import { FailoverTiming } from '../src';
import { render } from './synth/render';
import { checkTiming, DEFAULT_TIMING, FAST_TIMING, FRUGAL_TIMING } from '../src/contract';

test('whoever says nothing of it gets the default timing', () => {
  expect(render().spec().timing).toEqual(DEFAULT_TIMING);
});

test.each([
  [FailoverTiming.FAST, FAST_TIMING],
  [FailoverTiming.DEFAULT, DEFAULT_TIMING],
  [FailoverTiming.FRUGAL, FRUGAL_TIMING],
])('the timing %s is safe, and the agents are told of it', (timing, told) => {
  expect(checkTiming(told)).toEqual([]);
  expect(render({ failover: { timing } }).spec().timing).toEqual(told);
});

test.each([
  [{ leaseDuration: 10_500 }, 'leaseDuration must be whole seconds, got 10500 ms'],
  [{ leaseDuration: 31_000 }, 'leaseDuration must not exceed 30000 ms, got 31000 ms'],
  [{ renewInterval: 3_500 }, 'renewInterval + 2 * requestTimeout must not exceed fenceAfter'],
  [{ fenceAfter: 7_500 }, 'fenceAfter (7500 ms) must come before killAfter (7500 ms)'],
  [{ leaseDuration: 9_000 }, '1.2 * killAfter + 500 ms must not exceed leaseDuration (9000 ms)'],
])('a timing with %j is named as unsafe', (change, broken) => {
  expect(checkTiming({ ...DEFAULT_TIMING, ...change })).toEqual([expect.stringContaining(broken)]);
});

import { checkTiming, DEFAULT_TIMING } from '../src/contract';
import { render } from './synth/render';

test('the timing that every cluster gets is safe', () => {
  expect(checkTiming(DEFAULT_TIMING)).toEqual([]);
  expect(render().spec().timing).toEqual(DEFAULT_TIMING);
});

test.each([
  [{ leaseDuration: 10_500 }, 'leaseDuration must be whole seconds, got 10500 ms'],
  [{ renewInterval: 3_500 }, 'renewInterval + 2 * requestTimeout must not exceed fenceAfter'],
  [{ fenceAfter: 7_500 }, 'fenceAfter (7500 ms) must come before killAfter (7500 ms)'],
  [{ leaseDuration: 9_000 }, '1.2 * killAfter + 500 ms must not exceed leaseDuration (9000 ms)'],
])('a timing with %j is named as unsafe', (change, broken) => {
  expect(checkTiming({ ...DEFAULT_TIMING, ...change })).toEqual([expect.stringContaining(broken)]);
});

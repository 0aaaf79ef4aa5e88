import { retryAfter } from '../../src/agent/loop';

const MINUTE = 60_000;

test('a restore that failed after fetching everything is not begun again at once, and one that could not begin is', () => {
  expect(retryAfter({ do: 'restore' }, 40 * MINUTE, new Error('the archive ends before the target'))).toBe(40 * MINUTE);
  expect(retryAfter({ do: 'restore' }, 600 * MINUTE, new Error('the archive ends before the target'))).toBe(60 * MINUTE);
  expect(retryAfter({ do: 'restore' }, 20, new Error('Secret keys is not there'))).toBe(1_000);
  expect(retryAfter({ do: 'clone', upstream: '2' }, 40 * MINUTE, new Error('the upstream ended'))).toBe(1_000);
});

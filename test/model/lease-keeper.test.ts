import { brokenByKeeper, KEEPER_PROMISES } from './keeper-promises';
import { LeaseKeeper } from '../../src/agent/lease-keeper';

test.each(Object.keys(KEEPER_PROMISES))('%s', async (promise) => {
  expect((await brokenByKeeper(LeaseKeeper)).filter((broken) => broken.startsWith(promise))).toEqual([]);
});

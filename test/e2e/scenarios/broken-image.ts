import assert from 'node:assert/strict';
import { undisturbed } from './service';
import type { Scenario } from '../harness/scenario';
import { eventually, sleep, yes } from '../harness/wait';

const STOPS_FOR_MS = 20_000;

export const brokenImage: Scenario = {
  name: 'broken-image',
  promise: 'a rollout with an image that does not exist stops at one replica, and the fix rolls it on',
  async run({ cluster, ledger, step }) {
    const primary = await cluster.primary();
    const uids = () => new Set(cluster.pods.all.map(({ uid }) => uid));
    const before = uids();
    await ledger.mark();
    step('applying the program with an image that does not exist');
    await cluster.apply({ props: { images: { ...cluster.target.images, postgres: 'localhost/cdk8s-postgres:does-not-exist' } } });
    await eventually('one replica to be replaced', { withinMs: 120_000 }, () => yes(cluster.pods.all.some(({ uid, terminating }) => !before.has(uid) && !terminating)));
    await sleep(STOPS_FOR_MS);
    const untouched = cluster.pods.all.filter(({ uid }) => before.has(uid));
    assert.equal(untouched.length, before.size - 1, 'one pod was replaced and no more');
    assert.ok(untouched.some(({ uid }) => uid === primary.uid), 'the primary was not touched');
    await undisturbed(ledger);
    step('applying the fix');
    await cluster.apply();
    await cluster.healthy(120_000);
    assert.equal((await cluster.primary()).uid, primary.uid, 'the primary is still the same pod');
  },
};

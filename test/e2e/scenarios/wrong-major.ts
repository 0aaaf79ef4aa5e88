import assert from 'node:assert/strict';
import { undisturbed } from './service';
import { PostgresVersion } from '../../../src';
import type { Scenario } from '../harness/scenario';
import { eventually, sleep, yes } from '../harness/wait';

const UNTOUCHED_MS = 15_000;

export const wrongMajor: Scenario = {
  name: 'wrong-major',
  promise: 'a version of another major touches no pod, says so in the status, and its revert clears it',
  async run({ cluster, ledger, step }) {
    const uids = () => cluster.pods.all.map(({ uid }) => uid).join();
    const mismatch = async () => (await cluster.status(await cluster.primary())).problems.some(({ code }) => code === 'MajorMismatch');
    const before = uids();
    await ledger.mark();
    step('applying the program with PostgreSQL 18');
    await cluster.apply({ props: { version: PostgresVersion.of('18'), images: { ...cluster.target.images, postgres: 'localhost/cdk8s-postgres:18' } } });
    await eventually('the status to say MajorMismatch', { withinMs: 90_000 }, async () => yes(await mismatch()));
    await sleep(UNTOUCHED_MS);
    assert.equal(uids(), before, 'no pod was touched');
    step('reverting it');
    await cluster.apply();
    await eventually('the status to be clear again', { withinMs: 90_000 }, async () => yes(!await mismatch()));
    assert.equal(uids(), before, 'no pod was touched');
    await undisturbed(ledger);
  },
};

import type { RepoContents } from '../../../src/agent/restore/catalog.js';
import { chooseCopy, type CopyPlan, type Leader } from '../../../src/agent/restore/copy-plan.js';

const SEGMENT = 16 * 2 ** 20;
const leader: Leader = { systemId: '7', timeline: 3, forks: [{ timeline: 1, lsn: 0x5000000n }, { timeline: 2, lsn: 0x9000000n }], segmentSize: SEGMENT };

const backup = (label: string, lastSegment: string, stopLsn: bigint, more: Partial<RepoContents['backups'][number]> = {}) =>
  ({ label, stoppedAt: Number(label), stopLsn, bytes: 1_000_000, lastSegment, ...more });
const repo = (backups: RepoContents['backups'], more: Partial<RepoContents> = {}): RepoContents =>
  ({ repo: 1, systemId: '7', lastSegment: '00000003000000000000000C', backups, ...more });
const onTimeline1 = backup('1', '000000010000000000000003', 0x3000100n);
const onTimeline3 = backup('3', '00000003000000000000000A', 0xA000100n);

const unfit = (chosen: CopyPlan | { readonly unfit: string }) => ('unfit' in chosen ? chosen.unfit : `${chosen.label} fits`);

test('the newest backup of all repos is taken, with the log up to the last segment that is archived', () => {
  expect(chooseCopy([repo([onTimeline1]), repo([onTimeline3], { repo: 2 })], leader)).toEqual({ repo: 2, label: '3', timeline: 3, position: 0xC000000n });
});

test('a backup of an earlier timeline is followed over the forks', () => {
  expect(chooseCopy([repo([onTimeline1])], leader)).toEqual({ repo: 1, label: '1', timeline: 3, position: 0xC000000n });
});

test('a backup that ends in the last segment needs no more log than its own', () => {
  expect(chooseCopy([repo([backup('3', '00000003000000000000000C', 0xC000100n)])], leader)).toMatchObject({ label: '3', position: null });
});

test('a backup that went on where its timeline had been left is passed over for an older one', () => {
  const beside = backup('2', '000000010000000000000006', 0x6000000n);
  expect(chooseCopy([repo([onTimeline1, beside])], leader)).toMatchObject({ label: '1' });
  expect(unfit(chooseCopy([repo([beside])], leader))).toMatch(/lies on timeline 1, beside the way to timeline 3/);
});

test('nothing is copied from another system\'s backups, or where the archive does not know the leader\'s timeline yet', () => {
  expect(unfit(chooseCopy([repo([onTimeline3], { systemId: '8' })], leader))).toMatch(/is of system 8, not 7/);
  expect(unfit(chooseCopy([repo([onTimeline1], { lastSegment: '000000020000000000000008' })], leader))).toMatch(/no log of timeline 3/);
  expect(unfit(chooseCopy([repo([onTimeline1], { lastSegment: null })], leader))).toMatch(/no log in the archive/);
  expect(unfit(chooseCopy([repo([])], leader))).toMatch(/no repo has a backup yet/);
});

test('more log than data is not replayed, unless both are little', () => {
  const far = { lastSegment: '000000030000000100000000' };
  expect(unfit(chooseCopy([repo([onTimeline3], far)], leader))).toMatch(/followed by \d+ bytes of log, which is more than the 1000000 bytes of data/);
  expect(chooseCopy([repo([{ ...onTimeline3, bytes: 2 ** 33 }], far)], leader)).toMatchObject({ label: '3' });
});

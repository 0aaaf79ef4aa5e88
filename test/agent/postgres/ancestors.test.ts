/** What a successor archives of the timelines before its own. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TestBed } from './support/instance';
import { ancestorsIn, archiveAncestors } from '../../../src/agent/postgres/ancestors.js';
import { skipTimelines, walDirectory } from '../../../src/agent/postgres/history.js';

const SEGMENT = 16 * 1024 * 1024;
/** Timeline 1 was left within its segment 5, timeline 2 within 7. */
const forks = [{ timeline: 1, lsn: 0x05_00_12_34n }, { timeline: 2, lsn: 0x07_00_00_00n }];
const segment = (timeline: number, number: number) => `${`${timeline}`.padStart(8, '0')}00000000${number.toString(16).toUpperCase().padStart(8, '0')}`;

test('whole segments of every ancestor before its fork, and the ancestors\' history files', () => {
  const files = [segment(1, 3), segment(1, 4), '00000002.history', segment(2, 5), segment(2, 6), segment(3, 7)];
  expect(ancestorsIn(files, forks, SEGMENT)).toEqual(['00000002.history', segment(1, 3), segment(1, 4), segment(2, 5), segment(2, 6)].sort());
});

test('never the segment of a fork, nor what lies behind it: the successor has its own', () => {
  expect(ancestorsIn([segment(1, 5), segment(1, 6), segment(2, 7), segment(2, 8)], forks, SEGMENT)).toEqual([]);
});

test('never a partial segment, and never a timeline that did not lead here', () => {
  expect(ancestorsIn([`${segment(1, 4)}.partial`, segment(4, 3), '00000004.history', 'archive_status', `${segment(1, 3)}.00000028.backup`], forks, SEGMENT)).toEqual([]);
});

test('who crashed between the promotion and its first checkpoint finds the fork in the history files, and marks what was to be archived', async () => {
  const bed = new TestBed();
  try {
    const one = await bed.instance('one');
    await one.initialize();
    await one.server.stop('fast', 20_000);
    expect(await archiveAncestors(one.paths)).toEqual([]);
    const log = walDirectory(one.paths);
    writeFileSync(join(log, '00000002.history'), '1\t0/5001234\tno recovery target specified\n');
    for (const [number, mark] of [[3, '.done'], [4, '']] as const) {
      writeFileSync(join(log, segment(1, number)), '');
      if (mark !== '') writeFileSync(join(log, 'archive_status', `${segment(1, number)}${mark}`), '');
    }
    await skipTimelines(one.paths, 2, 4);
    expect(await archiveAncestors(one.paths)).toEqual(expect.arrayContaining([segment(1, 3), segment(1, 4)]));
    const marks = readdirSync(join(log, 'archive_status'));
    expect(marks).toEqual(expect.arrayContaining([`${segment(1, 3)}.ready`, `${segment(1, 4)}.ready`]));
    expect(marks).not.toContain(`${segment(1, 3)}.done`);
  } finally {
    await bed.remove();
  }
}, 60_000);

test('on timeline 1 there is nobody to archive for', () => {
  expect(ancestorsIn([segment(1, 1)], [], SEGMENT)).toEqual([]);
});

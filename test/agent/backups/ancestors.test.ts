/** What a successor archives of the timelines before its own. */
import { ancestorsIn } from '../../../src/agent/backups/ancestors.js';

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

test('on timeline 1 there is nobody to archive for', () => {
  expect(ancestorsIn([segment(1, 1)], [], SEGMENT)).toEqual([]);
});

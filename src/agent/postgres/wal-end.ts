/**
 * The true end of the WAL of a stopped or crashed data directory (I38): where crash recovery would end, and so where a promotion begins.
 *
 * pg_waldump reads from a place we know to the first thing that is no valid record, which tells the last one that is; its length tells the
 * end. What follows, torn or left over from a recycled segment, PostgreSQL itself would not replay either.
 */
import { readHistory, walDirectory } from './history.js';
import { readControlData } from './controldata.js';
import { program, run } from './run.js';
import { formatLsn, parseLsn, segmentOf, segmentStart, WAL_PAGE_SIZE } from '../core/lsn.js';
import type { Lsn } from '../core/types.js';
import type { ControlData, PostgresPaths, WalEnd } from './types.js';

/** A record begins within this distance before the sample, or pg_waldump is given the last checkpoint instead. */
const STEP_BACK = 64n * 1024n;

/** `from`: a position known to be at or before the end, to read less than all since the last checkpoint. */
export async function readWalEnd(paths: PostgresPaths, from?: Lsn): Promise<WalEnd> {
  const control = await readControlData(paths);
  const checkpoint = await startOnNewestTimeline(paths, control);
  const sample = from === undefined ? 0n : from - STEP_BACK;
  const wal = { paths, timeline: control.timeline, segmentSize: control.segmentSize };
  const last = (sample > checkpoint ? await lastRecord(wal, sample) : undefined) ?? await lastRecord(wal, checkpoint);
  if (last === undefined) {
    throw new Error(`no valid WAL record at ${formatLsn(checkpoint)} or later on timeline ${control.timeline} in ${walDirectory(paths)}`);
  }
  return { timeline: control.timeline, lsn: last.end };
}

/**
 * The last checkpoint's record; after a promotion without a checkpoint yet, it is on an older timeline, whose last segment was copied
 * into the newest one's first, so its beginning is where the newest timeline can be read from.
 */
async function startOnNewestTimeline(paths: PostgresPaths, control: ControlData): Promise<Lsn> {
  const fork = (await readHistory(paths, control.timeline)).at(-1);
  if (fork === undefined || control.checkpointLsn >= fork.lsn) return control.checkpointLsn;
  return segmentStart(segmentOf(fork.lsn, control.segmentSize), control.segmentSize);
}

interface Wal {
  readonly paths: PostgresPaths;
  readonly timeline: number;
  readonly segmentSize: number;
}

interface WalRecord {
  readonly lsn: Lsn;
  readonly end: Lsn;
}

/** undefined where no record begins at `start` or later. */
async function lastRecord(wal: Wal, start: Lsn): Promise<WalRecord | undefined> {
  const scan = await dump(wal, start, '--quiet');
  // "error in WAL record at 0/3000148: ..." names the last record that was read, not the one that could not be.
  const lsn = /error in WAL record at ([0-9A-F]+\/[0-9A-F]+):/.exec(scan.stderr)?.[1];
  if (lsn === undefined || parseLsn(lsn) === 0n) {
    if (/could not find a valid record after|first record is after|could not find file|could not open file/.test(scan.stderr)) return undefined;
    throw new Error(`pg_waldump from ${formatLsn(start)} on timeline ${wal.timeline} said: ${scan.stderr}`);
  }
  return describeRecord(wal, parseLsn(lsn));
}

async function describeRecord(wal: Wal, lsn: Lsn): Promise<WalRecord> {
  const printed = await dump(wal, lsn, '--limit=1');
  const record = /^rmgr: (\S+)\s+len \(rec\/tot\):\s*\d+\/\s*(\d+),.*? lsn: ([0-9A-F/]+), prev \S+, desc: (\S+)/m.exec(printed.stdout);
  if (!record || parseLsn(record[3]!) !== lsn) {
    throw new Error(`pg_waldump did not show the record at ${formatLsn(lsn)}: ${printed.stdout}${printed.stderr}`);
  }
  const [, resourceManager, length, , description] = record;
  // A switch record ends its segment, however short it is.
  if (resourceManager === 'XLOG' && description === 'SWITCH') {
    return { lsn, end: segmentStart(segmentOf(lsn, wal.segmentSize) + 1n, wal.segmentSize) };
  }
  return { lsn, end: endOfRecord(lsn, Number(length), wal.segmentSize) };
}

async function dump(wal: Wal, start: Lsn, option: string): Promise<{ stdout: string; stderr: string }> {
  return run([
    program(wal.paths, 'pg_waldump'), `--path=${walDirectory(wal.paths)}`, `--timeline=${wal.timeline}`, `--start=${formatLsn(start)}`, option,
  ]);
}

const PAGE = BigInt(WAL_PAGE_SIZE);
const PAGE_HEADER = 24n;
/** On the first page of a segment. */
const LONG_PAGE_HEADER = 40n;
const ALIGNMENT = 8n;

/**
 * Where a record of `length` bytes that begins at `lsn` ends: its bytes run over page headers, and the next one begins aligned. A record
 * that fills its page ends at the next page's first byte, before that page's header, as PostgreSQL's EndRecPtr does.
 */
export function endOfRecord(lsn: Lsn, length: number, segmentSize: number): Lsn {
  let position = lsn;
  let left = BigInt(length);
  for (;;) {
    const room = PAGE - (position % PAGE);
    if (left <= room) return alignUp(position + left);
    left -= room;
    position += room;
    position += position % BigInt(segmentSize) === 0n ? LONG_PAGE_HEADER : PAGE_HEADER;
  }
}

function alignUp(lsn: Lsn): Lsn {
  return (lsn + ALIGNMENT - 1n) / ALIGNMENT * ALIGNMENT;
}

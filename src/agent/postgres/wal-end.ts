/**
 * The true end of the WAL of a stopped or crashed data directory (I38): where crash recovery would end, and so where a promotion begins.
 *
 * pg_waldump reads from a place we know to the first thing that is no valid record, which tells the last one that is; its length tells the
 * end. What follows, torn or left over from a recycled segment, PostgreSQL itself would not replay either.
 */
import { readdir } from 'node:fs/promises';
import { readControlData } from './controldata.js';
import { readHistory, walDirectory } from './history.js';
import { program, run, type Finished } from './run.js';
import type { ControlData, PostgresPaths, WalEnd } from './types.js';
import { formatLsn, parseLsn, segmentBefore, segmentFileName, segmentOf, segmentStart, WAL_PAGE_SIZE } from '../core/lsn.js';
import type { Lsn } from '../core/types.js';

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
  const limit = await firstMissing(wal, start);
  if (limit <= start) return undefined;
  const scan = await dump(wal, start, limit, '--quiet');
  // "error in WAL record at 0/3000148: ..." names the last record that was read, not the one that could not be.
  const lsn = /error in WAL record at ([0-9A-F]+\/[0-9A-F]+):/.exec(scan.stderr)?.[1];
  if (lsn !== undefined && parseLsn(lsn) > 0n) return onlyRecord(wal, parseLsn(lsn), limit);
  if (/could not find a valid record after|WAL segment size/.test(scan.stderr)) return undefined;
  if (scan.code !== 0) throw new Error(`pg_waldump from ${formatLsn(start)} on timeline ${wal.timeline} said: ${scan.stderr}`);
  return lastBefore(wal, start, limit);
}

/**
 * Where the first segment begins that is not there. pg_waldump must not look for it: it waits five seconds for one to appear.
 */
async function firstMissing({ paths, timeline, segmentSize }: Wal, start: Lsn): Promise<Lsn> {
  const names = new Set(await readdir(walDirectory(paths)));
  let segment = segmentOf(start, segmentSize);
  while (names.has(segmentFileName(timeline, segment, segmentSize))) segment++;
  return segmentStart(segment, segmentSize);
}

/** All that is there is valid: the WAL ends with a segment, by a switch or by chance. One segment is little enough to print. */
async function lastBefore(wal: Wal, start: Lsn, limit: Lsn): Promise<WalRecord | undefined> {
  const segment = limit - BigInt(wal.segmentSize);
  for (const from of segment > start ? [segment, start] : [start]) {
    const { stdout } = await dump(wal, from, limit);
    const line = stdout.trimEnd().split('\n').at(-1);
    if (line) return parseRecord(wal, line);
  }
  return undefined;
}

async function onlyRecord(wal: Wal, lsn: Lsn, limit: Lsn): Promise<WalRecord> {
  const { stdout, stderr } = await dump(wal, lsn, limit, '--limit=1');
  const record = parseRecord(wal, stdout);
  if (record?.lsn !== lsn) throw new Error(`pg_waldump did not show the record at ${formatLsn(lsn)}: ${stdout}${stderr}`);
  return record;
}

function parseRecord(wal: Wal, line: string): WalRecord | undefined {
  const fields = /^rmgr: (\S+)\s+len \(rec\/tot\):\s*\d+\/\s*(\d+),.*? lsn: ([0-9A-F/]+), prev \S+, desc: (\S+)/m.exec(line);
  if (!fields) return undefined;
  const [, resourceManager, length, text, description] = fields;
  const lsn = parseLsn(text!);
  // A switch record ends its segment, however short it is.
  const isSwitch = resourceManager === 'XLOG' && description === 'SWITCH';
  const end = isSwitch ? segmentStart(segmentOf(lsn, wal.segmentSize) + 1n, wal.segmentSize) : endOfRecord(lsn, Number(length), wal.segmentSize);
  return { lsn, end };
}

/** By file names: left to itself, pg_waldump learns the segments' size from any file there, also from one that was never written. */
async function dump({ paths, timeline, segmentSize }: Wal, start: Lsn, limit: Lsn, ...options: string[]): Promise<Finished> {
  const file = (segment: bigint) => segmentFileName(timeline, segment, segmentSize);
  return run([
    program(paths, 'pg_waldump'), `--path=${walDirectory(paths)}`, `--start=${formatLsn(start)}`, `--end=${formatLsn(limit)}`, ...options,
    file(segmentOf(start, segmentSize)), file(segmentBefore(limit, segmentSize)),
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

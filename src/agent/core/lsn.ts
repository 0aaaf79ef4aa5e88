/**
 * Positions in the write-ahead log. An LSN is a bigint: the byte's offset in the endless log.
 * PostgreSQL writes it as two hexadecimal halves, `16/B374D848`.
 */
import type { Lsn } from './types.js';

/** XLOG_BLCKSZ of every PostgreSQL that is packaged. */
export const WAL_PAGE_SIZE = 8192;

export function parseLsn(text: string): Lsn {
  const halves = /^([0-9A-Fa-f]{1,8})\/([0-9A-Fa-f]{1,8})$/.exec(text.trim());
  if (!halves) {
    throw new Error(`"${text}" is not an LSN; expected two hexadecimal numbers like 16/B374D848`);
  }
  return (BigInt(`0x${halves[1]}`) << 32n) | BigInt(`0x${halves[2]}`);
}

export function formatLsn(lsn: Lsn): string {
  return `${hex(lsn >> 32n)}/${hex(lsn & 0xffff_ffffn)}`;
}

/** The number of the segment that holds the byte at `lsn`. */
export function segmentOf(lsn: Lsn, segmentSize: number): bigint {
  return lsn / BigInt(segmentSize);
}

/** The number of the segment that holds the byte before `lsn`: where a range that ends at `lsn` ends. */
export function segmentBefore(lsn: Lsn, segmentSize: number): bigint {
  return lsn === 0n ? 0n : (lsn - 1n) / BigInt(segmentSize);
}

export function segmentStart(segment: bigint, segmentSize: number): Lsn {
  return segment * BigInt(segmentSize);
}

/** The file name of a segment: timeline, then the segment's number split as XLogFileName does it. */
export function segmentFileName(timeline: number, segment: bigint, segmentSize: number): string {
  const perLogId = 0x1_0000_0000n / BigInt(segmentSize);
  return [BigInt(timeline), segment / perLogId, segment % perLogId].map(part => hex(part).padStart(8, '0')).join('');
}

export function parseSegmentFileName(name: string, segmentSize: number): { timeline: number; segment: bigint } | undefined {
  const parts = /^([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})$/.exec(name);
  if (!parts) {
    return undefined;
  }
  const perLogId = 0x1_0000_0000n / BigInt(segmentSize);
  return {
    timeline: Number.parseInt(parts[1]!, 16),
    segment: BigInt(`0x${parts[2]}`) * perLogId + BigInt(`0x${parts[3]}`),
  };
}

export function historyFileName(timeline: number): string {
  return `${hex(BigInt(timeline)).padStart(8, '0')}.history`;
}

function hex(value: bigint): string {
  return value.toString(16).toUpperCase();
}

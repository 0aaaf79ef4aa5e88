/** The promotion data as JSON in the Lease's annotation, in a versioned format (I42): unknown fields are ignored, another `v` is refused. */
import { z } from 'zod';
import { formatLsn, parseLsn } from '../core/lsn.js';
import type { LeaderRecord } from '../core/types.js';

export const LEADER_RECORD_VERSION = 1;

const lsn = z.string().regex(/^[0-9A-Fa-f]{1,8}\/[0-9A-Fa-f]{1,8}$/).transform((text) => parseLsn(text));
const timeline = z.number().int().nonnegative();

const release = z.object({
  kind: z.enum(['handover', 'stopped', 'crashed']),
  from: z.string(),
  timeline,
  lsn,
  to: z.string().optional(),
});

const leaderRecord = z.object({
  v: z.literal(LEADER_RECORD_VERSION),
  systemId: z.string().nullable(),
  timeline,
  reserved: timeline,
  lsn,
  release: release.nullable(),
  inherited: release.nullable(),
});

export function formatLeaderRecord(record: LeaderRecord): string {
  return JSON.stringify({ v: LEADER_RECORD_VERSION, ...record }, (_, value: unknown) => typeof value === 'bigint' ? formatLsn(value) : value);
}

/** The record, or why it cannot be read. */
export function parseLeaderRecord(text: string | undefined): { record: LeaderRecord } | { why: string } {
  if (text === undefined) return { why: 'it is missing' };
  try {
    const { v: _, ...record } = leaderRecord.parse(JSON.parse(text));
    return { record };
  } catch (error) {
    return { why: error instanceof z.ZodError ? z.prettifyError(error) : String(error) };
  }
}

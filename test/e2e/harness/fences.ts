/** Fences in the agents' logs: a living primary that gave up because it could not renew its Lease in time. */
import type { LogLine } from './logs';
import type { Standstill } from '../clients/standstill';

/** A machine that stood still for half of the time that a primary has to renew its Lease took that from it, and no program can help it. */
const STOOD_STILL_MS = 3_000;
const BEFORE_MS = 8_000;

export function fencesOf(lines: readonly LogLine[], standstills: readonly Standstill[]): readonly string[] {
  return lines
    .filter(({ fields }) => /could not be renewed for/.test(String(fields.msg)) || /deadline/.test(String(fields.reason)))
    .filter(({ time }) => stoodStillBefore(Date.parse(time), standstills) < STOOD_STILL_MS)
    .map(({ instance, time, fields }) => `${time} instance ${instance}: ${JSON.stringify(fields)}`);
}

function stoodStillBefore(fence: number, standstills: readonly Standstill[]): number {
  return standstills.filter(({ ended, ms }) => ended > fence - BEFORE_MS && ended - ms < fence).reduce((sum, { ms }) => sum + ms, 0);
}

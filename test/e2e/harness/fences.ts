/** Fences in the agents' logs: a living primary that gave up because it could not renew its Lease in time. */
import type { LogLine } from './logs';
import type { Standstill } from '../clients/standstill';

/** A machine that stood still for half of the time that a primary has to renew its Lease took that from it, and no program can help it. */
const STOOD_STILL_MS = 3_000;
const BEFORE_MS = 8_000;

export interface Fences {
  readonly unexplained: readonly string[];
  /** How many the machine explains. */
  readonly excused: number;
}

export function fencesOf(lines: readonly LogLine[], standstills: readonly Standstill[]): Fences {
  const fences = lines.filter(({ fields }) => /could not be renewed for/.test(String(fields.msg)) || /deadline/.test(String(fields.reason)));
  const unexplained = fences.filter(({ time }) => stoodStillBefore(Date.parse(time), standstills) < STOOD_STILL_MS);
  return {
    unexplained: unexplained.map(({ instance, time, fields }) => `${time} instance ${instance}: ${JSON.stringify(fields)}`),
    excused: fences.length - unexplained.length,
  };
}

function stoodStillBefore(fence: number, standstills: readonly Standstill[]): number {
  return standstills.filter(({ ended, ms }) => ended > fence - BEFORE_MS && ended - ms < fence).reduce((sum, { ms }) => sum + ms, 0);
}

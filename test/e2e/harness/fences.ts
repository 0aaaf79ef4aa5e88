/** Fences in the agents' logs: a living primary that gave up because it could not renew its Lease in time. */
import type { LogLine } from './logs';

export function fencesOf(lines: readonly LogLine[]): readonly string[] {
  return lines
    .filter(({ fields }) => /could not be renewed for/.test(String(fields.msg)) || /deadline/.test(String(fields.reason)))
    .map(({ instance, time, fields }) => `${time} instance ${instance}: ${JSON.stringify(fields)}`);
}

/** What an instance writes down: its decisions, its failures, and what people have asked it for. */
import type { Logger } from 'pino';
import type { PeerHandlers } from '../api/types.js';
import { formatLsn } from '../core/lsn.js';
import { messageOf } from '../files.js';
import type { Events } from '../kube/types.js';
import type { Journal } from '../ports.js';
import type { ProblemBoard } from '../problems.js';

/** Decisions that a person looking at the pod should find in its Events, and the Event's reason. */
const WORTH_TELLING: Readonly<Record<string, string>> = {
  promote: 'Promoting',
  initdb: 'Initializing',
  restore: 'Restoring',
  clone: 'Cloning',
  rewind: 'Rewinding',
  setAside: 'SettingDataAside',
  releaseLease: 'ReleasingLease',
  stop: 'StoppingPostgres',
};

export function journalOf(log: Logger, events: Events, problems: ProblemBoard): Journal {
  return {
    decided: (what, reason, details) => {
      log.info({ decision: what, ...printable(details ?? {}) }, reason);
      const reasonCode = WORTH_TELLING[what];
      if (reasonCode !== undefined) events.tell('Normal', reasonCode, reason);
    },
    failed: (what, error) => {
      log.warn({ action: what, err: error }, 'the action failed and is tried again');
      problems.set('ActionFailed', `${what}: ${messageOf(error)}`);
    },
  };
}

function printable(details: object): object {
  return JSON.parse(JSON.stringify(details, (_, value: unknown) => (typeof value === 'bigint' ? formatLsn(value) : value))) as object;
}

/** The name in the certificate is all that is known of a person; who read its Secret stands in the API server's own audit log. */
export function audited(log: Logger): PeerHandlers['audit'] {
  return ({ caller, request, answer }) => log.info({ audit: { caller, request, answer } }, `${caller} asked: ${request}`);
}

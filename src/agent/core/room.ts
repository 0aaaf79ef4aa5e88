/**
 * A full volume (I30): no work is begun that needs room, and a PostgreSQL that died of it is not started again and again.
 *
 * A start may make room by itself, because PostgreSQL deletes the temporary files of its former life. So it is tried, but seldom.
 */
import { wait } from './say.js';
import type { Decision, Milliseconds, Snapshot } from './types.js';

/** From one death on a full volume to the next start. */
export const START_AGAIN: Milliseconds = 30_000;

/** The decision, or a wait where it needs room that is not there. */
export function withinRoom(s: Snapshot, decision: Decision): Decision {
  if (s.full === null) return decision;
  const { action } = decision;
  switch (action.do) {
    case 'clone':
    case 'rewind':
      return wait('VolumeFull', `${s.full}; a ${action.do} needs room`);
    case 'startPrimary':
    case 'startStandby':
      return s.crash !== null && s.now - s.crash.at < START_AGAIN
        ? wait('VolumeFull', `${s.full}; PostgreSQL died, and is started when there is room, or every ${START_AGAIN / 1000} s to see`)
        : decision;
    default:
      return decision;
  }
}

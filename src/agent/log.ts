/** Structured logs: one JSON object a line on stdout. */
import { pino, type Logger } from 'pino';

export type { Logger };

/** What a log reader that has stopped reading may cost in memory; beyond it, lines are dropped. */
const LONGEST_BACKLOG = 1_048_576;

/** Asynchronous: a container runtime that no longer takes our lines must not stop the loop that renews the Lease. */
export function createLogger(fields: { readonly instance: string; readonly pod: string }): Logger {
  const destination = pino.destination({ dest: 1, sync: false, maxLength: LONGEST_BACKLOG });
  process.once('exit', () => destination.flushSync());
  return pino({
    base: fields,
    formatters: { level: (label) => ({ level: label }) },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { error: pino.stdSerializers.err },
  }, destination);
}

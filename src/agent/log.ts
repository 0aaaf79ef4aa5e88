/** Structured logs: one JSON object a line on stdout. */
import { pino, type Logger } from 'pino';

export type { Logger };

/** Synchronous, so that the last line before a kill is not lost. */
export function createLogger(fields: { readonly cluster?: string; readonly instance: string; readonly pod: string }): Logger {
  return pino({
    base: fields,
    formatters: { level: (label) => ({ level: label }) },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { error: pino.stdSerializers.err },
  }, pino.destination({ dest: 1, sync: true }));
}

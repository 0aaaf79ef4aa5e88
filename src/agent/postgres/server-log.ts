/** Passes the server's own log on, line by line, each at the level that it deserves in ours. */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Logger } from 'pino';

type Level = 'debug' | 'info' | 'warn';

/** Five times a second while there is no primary; that it does not stream is the agent's to say, once. */
const INCESSANT = /LOG: {2}waiting for WAL to become available|FATAL: {2}could not connect to the primary server/;
/** As often on a standby without room for what it is sent: it connects, cannot make the next segment, and connects again. */
const ONCE_A_MINUTE = [/FATAL: {2}could not write to file "pg_wal\/xlogtemp\.\d+": No space left/, /LOG: {2}started streaming WAL from primary at/];
const ALARMING = / (?:FATAL|PANIC): {2}/;

export function forwardLog(stream: Readable, log: Logger, listener: (line: string) => void): void {
  let level: Level = 'info';
  const saidAt = new Map<RegExp, number>();
  const isRepeated = (line: string): boolean => {
    const kind = ONCE_A_MINUTE.find((pattern) => pattern.test(line));
    if (kind === undefined) return false;
    const now = performance.now();
    if (now - (saidAt.get(kind) ?? -Infinity) < 60_000) return true;
    saidAt.set(kind, now);
    return false;
  };
  createInterface({ input: stream }).on('line', (line) => {
    // A line that begins with a tab goes on with the one before.
    if (!line.startsWith('\t')) level = INCESSANT.test(line) || isRepeated(line) ? 'debug' : ALARMING.test(line) ? 'warn' : 'info';
    log[level]({ source: 'postgres' }, line);
    listener(line);
  });
}

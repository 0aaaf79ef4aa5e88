/** Passes the server's own log on, line by line, each at the level that it deserves in ours. */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Logger } from 'pino';

type Level = 'debug' | 'info' | 'warn';

/** Five times a second while there is no primary; that it does not stream is the agent's to say, once. */
const INCESSANT = /LOG: {2}waiting for WAL to become available|FATAL: {2}could not connect to the primary server/;
const ALARMING = / (?:FATAL|PANIC): {2}/;

export function forwardLog(stream: Readable, log: Logger, listener: (line: string) => void): void {
  let level: Level = 'info';
  createInterface({ input: stream }).on('line', (line) => {
    // A line that begins with a tab goes on with the one before.
    if (!line.startsWith('\t')) level = INCESSANT.test(line) ? 'debug' : ALARMING.test(line) ? 'warn' : 'info';
    log[level]({ source: 'postgres' }, line);
    listener(line);
  });
}

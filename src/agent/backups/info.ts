/** What `pgbackrest info --output=json` prints: all that is read of it, by whoever makes backups and by whoever restores one. */
import { z } from 'zod';

/** pgBackRest's code for the state of a stanza in a repo. */
export const STATUS = { ok: 0, missingStanza: 1, noBackup: 2, missingStanzaData: 3, other: 99 } as const;

const status = z.object({ code: z.number(), message: z.string() });

/** `id`: of the system, counted anew for each that a repo has seen. */
const whose = z.object({ 'id': z.number(), 'repo-key': z.number() });

const archive = z.object({ database: whose, min: z.string().nullish(), max: z.string().nullish() });

const backup = z.object({
  label: z.string(),
  type: z.enum(['full', 'diff', 'incr']),
  database: whose,
  /** Pages with a wrong checksum were found; null where nobody looked. */
  error: z.boolean().nullish(),
  archive: z.object({ stop: z.string().nullish() }),
  /** Bytes in the database, and added to the repo. */
  info: z.object({ size: z.number(), repository: z.object({ delta: z.number() }) }),
  /** Seconds since 1970. */
  timestamp: z.object({ stop: z.number() }),
  lsn: z.object({ stop: z.string().nullish() }).nullish(),
  /** Where one backup is asked for (`--set`). */
  tablespace: z.array(z.object({ name: z.string(), destination: z.string() })).nullish(),
});

/** Lists that have nothing to tell are missing where a repo cannot be read. */
const stanza = z.object({
  name: z.string(),
  repo: z.array(z.object({ key: z.number(), status })).default([]),
  db: z.array(z.object({ 'id': z.number(), 'repo-key': z.number(), 'system-id': z.string() })).default([]),
  archive: z.array(archive).default([]),
  backup: z.array(backup).default([]),
});

export type Whose = z.infer<typeof whose>;
export type Information = z.infer<typeof stanza>;

/** What was printed about that stanza. */
export function informationIn(printed: string, name: string): Information {
  const found = z.array(stanza).parse(parsePrinted(printed)).find((one) => one.name === name);
  if (found === undefined) throw new Error(`pgbackrest info says nothing about stanza "${name}"`);
  return found;
}

/**
 * pgBackRest quotes what it cannot read, such as what a wrong passphrase makes of a file, with control characters that JSON does not allow; and a
 * system's id is a number beyond those that JavaScript has.
 */
export function parsePrinted(json: string): unknown {
  return JSON.parse(json.replace(/\p{Cc}/gu, ' ').replace(/("system-id":)(\d+)/g, '$1"$2"'));
}

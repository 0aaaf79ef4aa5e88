/**
 * The ledger: a client that writes one row after the other and remembers which of them were acknowledged, and when.
 *
 * It reconnects at once with short timeouts, as a good application does. What it prints are answers to commands on stdin, one JSON line each.
 */
import { createInterface } from 'node:readline';
import { connect, hangUp, now, sleep, type Connection, type Server } from './postgres';

const EVERY_MS = 10;
const QUERY_TIMEOUT_MS = 1_000;
/** What the PostgreSQL client says when that time is over. */
const GAVE_UP = /^Query read timeout/;
/** The same, or when nobody has answered to a connection attempt. */
const SILENCE = /^Query read timeout|^timeout expired/;
/** A machine that stands still for some seconds makes a silence; one that lasts longer counts as an interruption. */
const LONG_SILENCE_MS = 5_000;
const BETWEEN_ATTEMPTS_MS = 10;
/** A longer one ends a steady time. */
const UNSTEADY_MS = 500;
/** Gaps longer than this are listed. */
const WORTH_TELLING_MS = 250;

const server = JSON.parse(process.argv[2]) as Server;
const acknowledged: { readonly id: number; readonly at: number }[] = [];
let nextId = 0;
/** Connections that the other side ended; giving up on one that is silent is our own impatience. */
let broken = 0;
let markedAt = now();
let brokenAtMark = 0;
/** Times that writing broke off: an error after an acknowledgement, or a long silence, with all that follow until the next one. */
let interruptions = 0;
let interruptionsAtMark = 0;
let interrupted = true;
/** The first acknowledgement after the last interruption. */
let resumedAt = 0;
let lastTrouble: string | null = null;
let stopped = false;

async function write(): Promise<void> {
  let connection: Connection | null = null;
  for (;;) {
    if (stopped) break;
    const began = now();
    try {
      if (connection === null) {
        connection = await connect(server);
      }
      const id = ++nextId;
      await connection.query({ name: 'write', text: 'INSERT INTO ledger (id) VALUES ($1)', values: [id] });
      acknowledged.push({ id, at: now() });
      if (interrupted) resumedAt = now();
      interrupted = false;
    } catch (error) {
      lastTrouble = error instanceof Error ? error.message : String(error);
      if (!interrupted && (!SILENCE.test(lastTrouble) || silentMs() > LONG_SILENCE_MS)) {
        interruptions++;
        interrupted = true;
      }
      if (connection !== null && !GAVE_UP.test(lastTrouble)) broken++;
      hangUp(connection);
      connection = null;
      await sleep(BETWEEN_ATTEMPTS_MS);
    }
    await sleep(Math.max(0, began + EVERY_MS - now()));
  }
  hangUp(connection);
}

/** Times without an acknowledgement that ended, or have not ended, after the mark. The one that the mark falls into counts as a whole. */
function gaps(): { readonly fromMs: number; readonly ms: number }[] {
  const found: { fromMs: number; ms: number }[] = [];
  let to = now();
  for (let i = acknowledged.length - 1; i >= 0 && to > markedAt; i--) {
    const from = acknowledged[i].at;
    found.unshift({ fromMs: from - markedAt, ms: to - from });
    to = from;
  }
  return found;
}

/** Since the last acknowledgement. */
function silentMs(): number {
  return now() - (acknowledged.at(-1)?.at ?? markedAt);
}

/** For how long writes have gone on by now without breaking off. */
function steadyMs(): number {
  let since = now();
  if (interrupted) return 0;
  for (let i = acknowledged.length - 1; i >= 0 && since - acknowledged[i].at < UNSTEADY_MS && acknowledged[i].at > resumedAt; i--) since = acknowledged[i].at;
  return now() - since;
}

function report(): object {
  const all = gaps();
  const longest = all.reduce((most, { ms }) => Math.max(most, ms), 0);
  return {
    acknowledged: acknowledged.length,
    sinceMark: all.length,
    longestMs: Math.round(longest),
    gaps: all.filter(({ ms }) => ms > WORTH_TELLING_MS).map(({ fromMs, ms }) => ({ fromMs: Math.round(fromMs), ms: Math.round(ms) })),
    brokenSinceMark: broken - brokenAtMark,
    interruptions: interruptions - interruptionsAtMark,
    steadyMs: Math.round(steadyMs()),
    silentMs: Math.round(silentMs()),
    lastTrouble,
  };
}

/** A connection attempt may be lost on a busy machine, or in a table of connections that still knows a pod that is gone. */
async function connectPatiently(to: Server, attempts = 5): Promise<Connection> {
  try {
    return await connect(to);
  } catch (error) {
    if (attempts === 1) throw error;
    return connectPatiently(to, attempts - 1);
  }
}

/** Which acknowledged rows are not there. */
async function verify(): Promise<object> {
  const connection = await connectPatiently({ ...server, queryTimeoutMs: 30_000, connectTimeoutMs: 3_000 });
  try {
    // Writing goes on: what is acknowledged after the snapshot cannot be in it.
    const expected = [...acknowledged];
    const { rows } = await connection.query<{ id: string }>('SELECT id FROM ledger');
    const there = new Set(rows.map(({ id }) => Number(id)));
    const lost = expected.filter(({ id }) => !there.has(id)).map(({ id }) => id);
    return { acknowledged: expected.length, lost: lost.length, firstLost: lost.slice(0, 10) };
  } finally {
    hangUp(connection);
  }
}

async function obey(line: string): Promise<object> {
  const [command, argument] = line.split(' ');
  switch (command) {
    case 'mark':
      markedAt = now();
      brokenAtMark = broken;
      interruptionsAtMark = interruptions;
      return { markedAt };
    case 'report':
      return report();
    case 'verify':
      return verify();
    case 'move':
      server.host = argument;
      return { host: argument };
    default:
      throw new Error(`no command "${command}"`);
  }
}

server.queryTimeoutMs ??= QUERY_TIMEOUT_MS;
const writing = write();
createInterface({ input: process.stdin })
  .on('line', (line) => {
    obey(line).then(
      (answer) => console.log(JSON.stringify({ answer })),
      (error: unknown) => console.log(JSON.stringify({ error: error instanceof Error ? error.message : String(error) })),
    );
  })
  .on('close', () => {
    stopped = true;
    void writing.then(() => process.exit(0));
  });

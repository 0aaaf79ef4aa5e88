/**
 * The probe: asks every instance directly, by its pod's own address, whether it accepts a write, and remembers when it did (I1).
 *
 * Two lanes per address. One keeps a connection and waits for answers as long as it lasts, so that it sees every acknowledgement of a
 * server that was frozen or cut off and comes back. The other connects anew again and again, as a new client would.
 */
import { createInterface } from 'node:readline';
import { connect, hangUp, now, sleep, type Connection, type Server } from './postgres';

const EVERY_MS = 20;
const ANEW_EVERY_MS = 250;
const ANEW_TIMEOUT_MS = 1_000;

interface Write {
  readonly sent: number;
  readonly acknowledged: number;
  /** Grows whenever the server refused in between: what has another number is another period of being writable. */
  readonly period: number;
}

interface Target {
  readonly key: string;
  readonly server: Server;
}

const writes = new Map<string, Write[]>();
const periods = new Map<string, number>();

function refused(key: string): void {
  periods.set(key, (periods.get(key) ?? 0) + 1);
}

/** A standby is asked whether it is one, because it would log every write that it refuses. */
async function tryWrite(connection: Connection, key: string): Promise<void> {
  const { rows } = await connection.query<{ standby: boolean }>({ name: 'role', text: 'SELECT pg_is_in_recovery() AS standby' });
  if (rows[0].standby) return refused(key);
  const sent = now();
  await connection.query({ name: 'probe', text: 'INSERT INTO probe (source) VALUES ($1)', values: [key] });
  writes.get(key)!.push({ sent, acknowledged: now(), period: periods.get(key) ?? 0 });
}

async function lastingLane({ key, server }: Target): Promise<void> {
  for (;;) {
    let connection: Connection | null = null;
    try {
      connection = await connect(server);
      for (;;) {
        await tryWrite(connection, key);
        await sleep(EVERY_MS);
      }
    } catch (error) {
      if (!isSilence(error)) refused(key);
      hangUp(connection);
      await sleep(EVERY_MS);
    }
  }
}

async function renewedLane({ key, server }: Target): Promise<void> {
  for (;;) {
    let connection: Connection | null = null;
    try {
      connection = await connect({ ...server, queryTimeoutMs: ANEW_TIMEOUT_MS });
      await tryWrite(connection, key);
    } catch (error) {
      if (!isSilence(error)) refused(key);
    }
    hangUp(connection);
    await sleep(ANEW_EVERY_MS);
  }
}

/** No answer says nothing about whether the server would write; a refusal does. */
function isSilence(error: unknown): boolean {
  const { message = '', code = '' } = error as { message?: string; code?: string };
  return /timeout/i.test(message) || ['ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH'].includes(code);
}

createInterface({ input: process.stdin })
  .on('line', (line) => {
    if (line === 'report') {
      console.log(JSON.stringify({ answer: Object.fromEntries(writes) }));
      return;
    }
    const target = JSON.parse(line) as Target;
    if (!writes.has(target.key)) {
      writes.set(target.key, []);
      void lastingLane(target);
      void renewedLane(target);
    }
    console.log(JSON.stringify({ answer: { probing: target.key } }));
  })
  .on('close', () => process.exit(0));

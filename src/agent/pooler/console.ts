/** pgBouncer's administration console: over its socket, as the user that it runs as, who needs no password (pgbouncer.ini(5), admin_users). */
import pg from 'pg';
import { POSTGRES_PORT } from '../../contract/ports.js';

const ANSWERS_WITHIN = 2_000;
/** It refuses at once, or it holds clients back. */
const PAUSES_WITHIN = 50;
/** The console has no error codes. */
const NOT_PAUSED = /not paused/;
const ALREADY_PAUSED = /already (suspended|paused)/;

export class Console {
  #client: pg.Client | null = null;

  constructor(private readonly socketDirectory: string) {}

  /** Rejects when it does not answer in time. One lasting connection, because pgBouncer logs each. */
  async ask(command: string): Promise<void> {
    const client = this.#client ??= await this.#connect();
    try {
      await client.query(command);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /**
   * On a connection of its own: pgBouncer holds new work back at once, and answers when the last server is released, which may never
   * happen. Giving that connection up takes nothing back. Rejects when it was not told.
   */
  async pause(): Promise<void> {
    const client = await this.#connect();
    const given = client.query('PAUSE').then(() => undefined, unless(ALREADY_PAUSED)).finally(() => client.end());
    const told = new Promise<void>((resolve) => setTimeout(resolve, PAUSES_WITHIN));
    await Promise.race([given, told]);
    // An answer that never comes is no fault.
    given.catch(() => undefined);
  }

  /** A pgBouncer that holds nobody back has nothing to take back. */
  async resume(): Promise<void> {
    await this.ask('RESUME').catch(unless(NOT_PAUSED));
  }

  close(): void {
    const client = this.#client;
    this.#client = null;
    void client?.end().catch(() => undefined);
  }

  async #connect(): Promise<pg.Client> {
    const client = new pg.Client({
      host: this.socketDirectory, port: POSTGRES_PORT, user: 'pgbouncer', database: 'pgbouncer',
      connectionTimeoutMillis: ANSWERS_WITHIN, query_timeout: ANSWERS_WITHIN,
    });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }
}

function unless(harmless: RegExp): (error: unknown) => void {
  return (error) => {
    if (!(error instanceof Error && harmless.test(error.message))) throw error;
  };
}

/** Asks a server what pgBouncer will need of it: that it lets the pooler's role in by its certificate, and takes writes. */
import pg from 'pg';
import { POSTGRES_PORT } from '../../contract/ports.js';
import { SYSTEM_ROLES } from '../../contract/secrets.js';
import type { ServedCertificate } from '../credentials/served.js';
import { messageOf } from '../files.js';
import { LOOKUP_DATABASE } from '../postgres/pooler-lookup.js';

const ANSWERS_WITHIN = 1_000;

export class PrimaryProbe {
  #open: { readonly host: string; readonly client: pg.Client } | null = null;

  /** Why it does not serve; null when it does. Its connection is kept for the next question: during a promotion many are asked. */
  async why(host: string, certificate: ServedCertificate): Promise<string | null> {
    try {
      const { rows } = await (await this.#connection(host, certificate)).query<{ standby: boolean }>('SELECT pg_is_in_recovery() AS standby');
      return rows[0]!.standby ? `${host} does not take writes yet` : null;
    } catch (error) {
      this.close();
      return `${host} does not let the pooler in: ${messageOf(error)}`;
    }
  }

  close(): void {
    const open = this.#open;
    this.#open = null;
    void open?.client.end().catch(() => undefined);
  }

  async #connection(host: string, { authority, serverAuthority, certificate, key }: ServedCertificate): Promise<pg.Client> {
    if (this.#open?.host === host) return this.#open.client;
    this.close();
    const client = new pg.Client({
      host, port: POSTGRES_PORT, user: SYSTEM_ROLES.pooler, database: LOOKUP_DATABASE,
      application_name: 'cdk8s-postgres-agent',
      ssl: {
        ca: serverAuthority ?? authority, cert: certificate, key, servername: host,
        // As pgBouncer does it.
        ...serverAuthority === undefined ? {} : { checkServerIdentity: () => undefined },
      },
      connectionTimeoutMillis: ANSWERS_WITHIN, query_timeout: ANSWERS_WITHIN,
    });
    client.on('error', () => undefined);
    await client.connect();
    this.#open = { host, client };
    return client;
  }
}

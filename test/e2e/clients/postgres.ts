/** Connections of the test clients: TLS, the name in the certificate checked, and given up without ceremony. */
import { Client } from 'pg';

export interface Server {
  host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
  /** Of the cluster's own authority. */
  readonly authority: string;
  /** The name that the certificate must carry. */
  readonly serverName: string;
  /** Left out: an answer is waited for as long as the connection lasts. */
  queryTimeoutMs?: number;
  connectTimeoutMs?: number;
}

export type Connection = Client;

/** A good connection takes 20 ms; one to a dead address would take minutes. */
const CONNECT_TIMEOUT_MS = 300;

export const now = (): number => Number(process.hrtime.bigint() / 1_000n) / 1_000;
export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export async function connect(server: Server): Promise<Connection> {
  const client = new Client({
    host: server.host,
    port: server.port,
    database: server.database,
    user: server.user,
    password: server.password,
    ssl: { ca: server.authority, servername: server.serverName },
    connectionTimeoutMillis: server.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    query_timeout: server.queryTimeoutMs,
  });
  // A connection that breaks is told by its queries; without a listener it would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return client;
  } catch (error) {
    hangUp(client);
    throw error;
  }
}

/** `end` would wait for an answer of the server, which may be frozen. */
export function hangUp(client: Connection | null): void {
  if (client === null) return;
  streamOf(client)?.destroy();
}

function streamOf(client: Connection): { destroy(): void } | undefined {
  return (client as unknown as { readonly connection?: { readonly stream?: { destroy(): void } } }).connection?.stream;
}

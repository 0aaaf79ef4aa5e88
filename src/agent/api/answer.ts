/** What both servers send, and how they begin and end. */
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ListenOptions, RunningServer } from './types.js';
import { formatLsn } from '../core/lsn.js';

/** JSON has no bigint; the only ones that the agent knows are WAL positions. */
export function toJson(value: object): string {
  return JSON.stringify(value, (_, inner: unknown) => typeof inner === 'bigint' ? formatLsn(inner) : inner);
}

export function answerJson(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(toJson(value));
}

export function answerText(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${message}\n`);
}

export async function listen(server: Server, options: ListenOptions): Promise<RunningServer> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
}

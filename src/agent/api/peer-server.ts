/** The agents' API: mutual TLS, and each of the cluster's certificates may call what it is for (architecture.md 17). */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { pipeline } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { answerJson, answerText, listen } from './answer.js';
import { answerBackup } from './backup.js';
import type { ListenOptions, PeerHandlers, PeerServer, ServerTls } from './types.js';
import { parseWalQuery } from './wal-query.js';
import { AGENT_COMMON_NAME, API_ROUTES, BACKUP_COMMON_NAME } from '../../contract/index.js';

export async function startPeerServer(options: ListenOptions, material: ServerTls, handlers: PeerHandlers): Promise<PeerServer> {
  const server = createServer({ ...tlsOptions(material), requestCert: true, rejectUnauthorized: true }, (request, response) => {
    answer(request, response, handlers).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else answerText(response, 500, String(error));
    });
  });
  const running = await listen(server, options);
  return { ...running, setCertificates: (renewed) => server.setSecureContext(tlsOptions(renewed)) };
}

function tlsOptions(material: ServerTls): { cert: string; key: string; ca: string } {
  return { cert: material.server.certificate, key: material.server.key, ca: material.authority };
}

async function answer(request: IncomingMessage, response: ServerResponse, handlers: PeerHandlers): Promise<void> {
  const caller = (request.socket as TLSSocket).getPeerCertificate().subject?.CN;
  const url = new URL(request.url ?? '/', 'https://peer');
  const route = `${request.method} ${url.pathname}`;
  if (!mayCall(caller, route)) return answerText(response, 403, `this API is for agents, not for ${String(caller)}`);
  switch (route) {
    case `GET ${API_ROUTES.status}`:
      return answerJson(response, 200, handlers.status());
    case `POST ${API_ROUTES.wake}`:
      handlers.wake();
      response.writeHead(204).end();
      return;
    case `GET ${API_ROUTES.wal}`:
      return answerWal(url.searchParams, response, handlers);
    case BACKUP:
      return answerBackup(url.searchParams, response, handlers.backup);
    default:
      return answerText(response, 404, 'no such route');
  }
}

const BACKUP = `POST ${API_ROUTES.backup}`;

/** By the name in the certificate, which the cluster's authority has signed: agents all, a schedule's pod a backup. */
function mayCall(caller: string | string[] | undefined, route: string): boolean {
  return caller === AGENT_COMMON_NAME || (caller === BACKUP_COMMON_NAME && route === BACKUP);
}

async function answerWal(query: URLSearchParams, response: ServerResponse, handlers: PeerHandlers): Promise<void> {
  const range = parseWalQuery(query);
  if (range === null) return answerText(response, 400, 'wanted: timeline, from and end, like timeline=2&from=0/3000060&end=0/30019C8');
  const wal = await handlers.wal(range);
  if (wal === null) return answerText(response, 404, 'this instance cannot give that stretch of WAL now');
  response.writeHead(200, { 'Content-Type': 'application/octet-stream' });
  // An error in the middle cuts the connection, and the receiver sees an incomplete body.
  pipeline(wal, response, () => undefined);
}

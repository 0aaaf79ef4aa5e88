/** The agents' API: mutual TLS, and each of the cluster's certificates may call what it is for. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { pipeline } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { answerJson, answerText, listen } from './answer.js';
import { callerOf, isPerson, mayCall, ROUTES, type Route } from './callers.js';
import { answerWork } from './long-answer.js';
import type { ListenOptions, PeerHandlers, PeerServer, ServerTls } from './types.js';
import { parseWalQuery } from './wal-query.js';

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
  const commonName = (request.socket as TLSSocket).getPeerCertificate().subject?.CN;
  const caller = callerOf(commonName);
  const url = new URL(request.url ?? '/', 'https://peer');
  const route = ROUTES[`${request.method} ${url.pathname}`];
  if (caller !== null && isPerson(caller)) {
    response.on('close', () => handlers.audit({ caller, request: `${request.method} ${url.pathname}${url.search}`, answer: response.statusCode }));
  }
  if (caller === null) return answerText(response, 403, `this API is not for ${String(commonName)}`);
  if (route === undefined) return answerText(response, 404, 'no such route');
  if (!mayCall(caller, route)) return answerText(response, 403, `${caller} may not call ${url.pathname}`);
  return answerRoute(route, url.searchParams, response, handlers);
}

async function answerRoute(route: Route, query: URLSearchParams, response: ServerResponse, handlers: PeerHandlers): Promise<void> {
  switch (route) {
    case 'status':
      return answerJson(response, 200, handlers.status());
    case 'wake':
      handlers.wake();
      response.writeHead(204).end();
      return;
    case 'wal':
      return answerWal(query, response, handlers);
    case 'backup':
      return answerBackup(query, response, handlers);
    case 'candidates':
      return answerCandidates(response, handlers);
    case 'switchover':
      return answerWork(response, (_, onLine) => handlers.switchover(query.get('to'), onLine));
  }
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

/** Whoever asked and went may ask again: a backup that nobody waits for would only be in the way. */
async function answerBackup(query: URLSearchParams, response: ServerResponse, handlers: PeerHandlers): Promise<void> {
  const type = query.get('type');
  const repo = Number(query.get('repo'));
  if ((type !== 'full' && type !== 'diff' && type !== 'incr') || !Number.isInteger(repo) || repo < 1) {
    return answerText(response, 400, 'wanted: type, which is full, diff or incr, and repo, from 1, like type=full&repo=1');
  }
  return answerWork(response, (signal, onLine) => handlers.backup({ type, repo }, signal, onLine));
}

function answerCandidates(response: ServerResponse, handlers: PeerHandlers): void {
  const candidates = handlers.candidates();
  return 'refused' in candidates ? answerText(response, 409, candidates.refused) : answerJson(response, 200, candidates);
}

/**
 * HTTP to the API server, built for the lock: a request ends within its time, and a connection that died in silence costs one request.
 *
 * The client library's own transport is not used: version 2.0.1 opens a new TLS connection for each request, and speaks HTTP/2 by choice,
 * where a timed-out request leaves its dead connection to the next one.
 */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import { dropIdleConnections } from '../idle-connections.js';
import type { ApiAccess } from './access.js';

export interface Request {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With query. */
  readonly path: string;
  readonly body?: { readonly type: string; readonly json: unknown };
}

export interface Response {
  readonly status: number;
  readonly text: string;
}

const IDLE_CONNECTIONS = 4;

export class Transport {
  private readonly agent: HttpAgent | HttpsAgent;

  constructor(private readonly access: ApiAccess) {
    const options = { keepAlive: true, maxFreeSockets: IDLE_CONNECTIONS, scheduling: 'lifo' as const };
    this.agent = access.server.protocol === 'http:'
      ? new HttpAgent(options)
      : new HttpsAgent({ ...options, ca: access.authority, ...access.certificate });
  }

  /** Rejects when there is no whole answer in time. */
  async send(request: Request, timeoutMs: number): Promise<Response> {
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const message = await this.open(request, signal);
      return { status: message.statusCode ?? 0, text: await text(message) };
    } catch (error) {
      // Whatever went wrong, other idle connections may have died with this one; none of them may cost another request.
      dropIdleConnections(this.agent);
      throw signal.aborted ? new Error(`no answer within ${timeoutMs} ms`) : error;
    }
  }

  /** The beginning of an answer, whose body is still to come; the signal ends both. */
  async open(request: Request, signal: AbortSignal): Promise<IncomingMessage> {
    const first = await this.attempt(request, signal);
    if (first !== 'closedBeforeUse') return first;
    dropIdleConnections(this.agent);
    const second = await this.attempt(request, signal);
    if (second !== 'closedBeforeUse') return second;
    throw new Error('the API server closed two connections without an answer');
  }

  close(): void {
    this.agent.destroy();
  }

  /** A kept connection that the server had already closed is no failure of the request: it is sent once more on a new one. */
  private attempt(request: Request, signal: AbortSignal): Promise<IncomingMessage | 'closedBeforeUse'> {
    const { server } = this.access;
    const token = this.access.token();
    const body = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body.json));
    return new Promise((resolve, reject) => {
      const outgoing = (server.protocol === 'http:' ? httpRequest : httpsRequest)({
        agent: this.agent,
        host: server.hostname.replace(/^\[|\]$/g, ''),
        port: server.port || (server.protocol === 'http:' ? 80 : 443),
        method: request.method,
        path: request.path,
        signal,
        headers: {
          'Accept': 'application/json',
          'User-Agent': 'cdk8s-postgres-agent',
          ...token === null ? {} : { Authorization: `Bearer ${token}` },
          ...body === undefined ? {} : { 'Content-Type': request.body!.type, 'Content-Length': body.length },
        },
      });
      outgoing.on('response', resolve);
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        if (outgoing.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE')) resolve('closedBeforeUse');
        else reject(error);
      });
      outgoing.end(body);
    });
  }
}

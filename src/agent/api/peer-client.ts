/** Calls another agent: by its pod's address, but trusting only the name in its certificate. */
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { API_ROUTES } from '../../contract/index.js';
import type { TlsMaterial } from '../credentials/types.js';
import { dropIdleConnections } from '../idle-connections.js';
import type { PeerAddress, PeerClient, PeerFailureKind, PeerResult } from './types.js';
import { formatWalQuery } from './wal-query.js';
import type { WalRange } from '../postgres/types.js';

export class HttpsPeerClient implements PeerClient {
  private agent: Agent | null = null;

  setCertificates(material: TlsMaterial): void {
    if (this.agent !== null) dropIdleConnections(this.agent);
    this.agent = new Agent({
      keepAlive: true,
      maxFreeSockets: 1,
      ca: material.authority,
      cert: material.agent.certificate,
      key: material.agent.key,
    });
  }

  async status(peer: PeerAddress, timeoutMs: number): Promise<PeerResult<unknown>> {
    return this.call(peer, 'GET', API_ROUTES.status, timeoutMs, async (message) => JSON.parse(await text(message)) as unknown);
  }

  async wake(peer: PeerAddress, timeoutMs: number): Promise<PeerResult<void>> {
    return this.call(peer, 'POST', API_ROUTES.wake, timeoutMs, (message) => { message.resume(); });
  }

  async wal(peer: PeerAddress, range: WalRange, timeoutMs: number): Promise<PeerResult<Readable>> {
    return this.call(peer, 'GET', `${API_ROUTES.wal}?${formatWalQuery(range)}`, timeoutMs, (message) => {
      message.setTimeout(timeoutMs, () => message.destroy(new Error(`${peer.serverName} sent nothing for ${timeoutMs} ms`)));
      return message;
    }, 'headersOnly');
  }

  close(): void {
    this.agent?.destroy();
    this.agent = null;
  }

  /** `headersOnly`: the time limit ends with the beginning of the answer. */
  private async call<T>(
    peer: PeerAddress, method: string, path: string, timeoutMs: number, read: (message: IncomingMessage) => T | Promise<T>, limit: 'whole' | 'headersOnly' = 'whole',
  ): Promise<PeerResult<T>> {
    const { agent } = this;
    if (agent === null) return { ok: false, kind: 'unreachable', message: 'this agent has no certificates yet' };
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), timeoutMs);
    try {
      const message = await open(agent, peer, method, path, timeout.signal);
      if (limit === 'headersOnly') clearTimeout(timer);
      const status = message.statusCode ?? 0;
      if (status >= 200 && status < 300) return { ok: true, value: await read(message) };
      return { ok: false, kind: status === 404 ? 'notFound' : 'refused', message: `${peer.serverName}: ${status} ${(await text(message)).trim()}` };
    } catch (error) {
      dropIdleConnections(agent);
      const why = timeout.signal.aborted ? `no answer within ${timeoutMs} ms` : (error as Error).message;
      return { ok: false, kind: kindOf(error), message: `${peer.serverName} (${peer.host}:${peer.port}): ${why}` };
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Once more on a new connection when a kept one turns out to be closed. */
async function open(agent: Agent, peer: PeerAddress, method: string, path: string, signal: AbortSignal): Promise<IncomingMessage> {
  const attempt = () => new Promise<IncomingMessage | 'closedBeforeUse'>((resolve, reject) => {
    const outgoing = request({ agent, host: peer.host, servername: peer.serverName, port: peer.port, method, path, signal, headers: { Host: peer.serverName } }, resolve);
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      if (outgoing.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE')) resolve('closedBeforeUse');
      else reject(error);
    });
    outgoing.end();
  });
  const first = await attempt();
  if (first !== 'closedBeforeUse') return first;
  dropIdleConnections(agent);
  const second = await attempt();
  if (second !== 'closedBeforeUse') return second;
  throw new Error('it closed two connections without an answer');
}

/** OpenSSL's and Node's codes for "this certificate is not acceptable", on either side. */
const CERTIFICATE_CODES = /CERT|SELF_SIGNED|UNABLE_TO_|UNKNOWN_CA|ALERT/;

function kindOf(error: unknown): PeerFailureKind {
  return CERTIFICATE_CODES.test((error as NodeJS.ErrnoException).code ?? '') ? 'untrusted' : 'unreachable';
}

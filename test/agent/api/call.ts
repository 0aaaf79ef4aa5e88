/** One call to an agent's API over TLS, as whoever has that certificate. */
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { SERVER_NAME } from './certificates';
import type { PeerServer } from '../../../src/agent/api/types.js';
import type { TlsMaterial } from '../../../src/agent/credentials/types.js';

export async function call(server: PeerServer, method: string, path: string, caller: TlsMaterial): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request({
      host: '127.0.0.1', port: server.port, servername: SERVER_NAME, path, method, ca: caller.authority, cert: caller.agent.certificate, key: caller.agent.key, agent: false,
    }, (response) => { text(response).then((body) => resolve({ status: response.statusCode!, body }), reject); });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

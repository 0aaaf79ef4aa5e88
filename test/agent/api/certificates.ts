/** The certificates of a cluster as its agents would make them. */
import { issue, makeAuthority } from '../../../src/agent/credentials/pki.js';
import type { KeyPair, TlsMaterial } from '../../../src/agent/credentials/types.js';
import { AGENT_COMMON_NAME } from '../../../src/contract';

export const SERVER_NAME = 'orders-2-0.orders-instances.shop.svc';

/** `client`: the common name of the certificate with which it calls. */
export async function materialOf(authority: KeyPair, client = AGENT_COMMON_NAME, serverName = SERVER_NAME): Promise<TlsMaterial> {
  const now = new Date();
  return {
    authority: authority.certificate,
    server: await issue(authority, { commonName: 'orders-rw', usage: 'server', dnsNames: [serverName] }, now),
    agent: await issue(authority, { commonName: client, usage: 'client', dnsNames: [] }, now),
  };
}

export async function newAuthority(): Promise<KeyPair> {
  return makeAuthority('orders-ca', new Date());
}

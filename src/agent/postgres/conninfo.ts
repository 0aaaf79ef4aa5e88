/** libpq connection strings to another instance, by client certificate and verified name (architecture.md 16, 20). */
import { join } from 'node:path';
import type { PostgresPaths, Upstream } from './types.js';
import { SYSTEM_ROLES } from '../../contract/secrets.js';

/** A cut cable is noticed in seconds, by whichever of the two comes first. */
const IMPATIENT = {
  connect_timeout: '3',
  keepalives_idle: '3',
  keepalives_interval: '1',
  keepalives_count: '3',
  tcp_user_timeout: '5000',
};

export function replicationConninfo(paths: PostgresPaths, upstream: Upstream, applicationName: string): string {
  return conninfo({ ...address(upstream), ...certificateOf(paths, 'replication'), application_name: applicationName, ...IMPATIENT });
}

export function rewindConninfo(paths: PostgresPaths, upstream: Upstream): string {
  return conninfo({ ...address(upstream), dbname: 'postgres', ...certificateOf(paths, 'rewind'), ...IMPATIENT });
}

function address(upstream: Upstream): Record<string, string> {
  const { host, serverName, hostaddr, port } = upstream;
  return { host: serverName ?? host, ...(hostaddr === undefined ? {} : { hostaddr }), port: String(port) };
}

function certificateOf(paths: PostgresPaths, role: 'replication' | 'rewind'): Record<string, string> {
  return {
    user: SYSTEM_ROLES[role],
    sslmode: 'verify-full',
    sslcert: join(paths.certificatesDir, `${role}.crt`),
    sslkey: join(paths.certificatesDir, `${role}.key`),
    sslrootcert: join(paths.certificatesDir, 'server-ca.crt'),
  };
}

function conninfo(settings: Record<string, string>): string {
  return Object.entries(settings).map(([name, value]) => `${name}='${value.replace(/[\\']/g, '\\$&')}'`).join(' ');
}

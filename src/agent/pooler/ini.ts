/** pgbouncer.ini, rendered whole from the spec and from where the primary is. */
import { join } from 'node:path';
import { POSTGRES_PORT } from '../../contract/ports.js';
import { SYSTEM_ROLES } from '../../contract/secrets.js';
import type { ClientTlsSpec } from '../../contract/spec.js';
import { LOOKUP_DATABASE, LOOKUP_QUERY } from '../postgres/pooler-lookup.js';

export interface PoolerPaths {
  /** In memory: certificates, pgbouncer.ini, the console's socket. */
  readonly directory: string;
}

export interface IniInput {
  /** The DNS name of the primary's pod, which its certificate carries. */
  readonly host: string;
  /** PostgreSQL may show a certificate that was given, and that does not carry this name. */
  readonly anyName: boolean;
  readonly clientTls: ClientTlsSpec;
  /** The user's settings. */
  readonly settings: Readonly<Record<string, string>>;
}

export function iniFile({ directory }: PoolerPaths): string {
  return join(directory, 'pgbouncer.ini');
}

/** The databases come first: what follows may have a fault, and the primary's address must be taken over all the same. */
export function renderIni(paths: PoolerPaths, { host, anyName, clientTls, settings }: IniInput): string {
  const managed = managedSettings(paths, { anyName, clientTls });
  const accepted = Object.entries(settings).filter(([name, value]) => !(name in managed) && isSetting(name, value));
  const all = { ...DEFAULTS, ...Object.fromEntries(accepted), ...managed };
  const server = `host=${host} port=${POSTGRES_PORT}`;
  return [
    '; Written by the agent; settings belong into the spec.',
    '[databases]',
    `${LOOKUP_DATABASE} = ${server}`,
    `* = ${server}`,
    '[pgbouncer]',
    ...Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => `${name} = ${value}`),
    '',
  ].join('\n');
}

/** Whatever else the document holds must not become a line of its own, nor an include. */
function isSetting(name: string, value: string): boolean {
  return /^[a-z0-9_]+$/.test(name) && !/[\r\n\0]/.test(value);
}

/** Ours where the user says nothing: a server that is gone is noticed, and one that is back is used, within seconds. */
const DEFAULTS: Readonly<Record<string, string>> = {
  server_connect_timeout: '3',
  server_login_retry: '0.2',
  tcp_keepidle: '5',
  tcp_keepintvl: '1',
  tcp_keepcnt: '3',
  tcp_user_timeout: '5000',
  // JDBC sends it with every connection.
  ignore_startup_parameters: 'extra_float_digits',
  log_stats: '0',
};

/** Of a client's certificate pgBouncer verifies the authority and never the name: its `verify-full` is the same. */
const CLIENT_TLS: Record<ClientTlsSpec, string> = { disable: 'disable', allow: 'allow', require: 'require', verify: 'verify-ca' };

/** What keeps the agent's promises; a user's value is not taken. */
function managedSettings({ directory }: PoolerPaths, { anyName, clientTls }: Pick<IniInput, 'anyName' | 'clientTls'>): Readonly<Record<string, string>> {
  const file = (name: string) => join(directory, name);
  return {
    listen_addr: '*',
    listen_port: `${POSTGRES_PORT}`,
    // The console: whoever has our user id may use it, and nobody else, because no admin_users are named.
    unix_socket_dir: directory,
    unix_socket_mode: '0700',
    auth_type: 'scram-sha-256',
    auth_user: SYSTEM_ROLES.pooler,
    auth_dbname: LOOKUP_DATABASE,
    auth_query: LOOKUP_QUERY,
    client_tls_sslmode: CLIENT_TLS[clientTls],
    client_tls_ca_file: file('ca.crt'),
    client_tls_cert_file: file('client-side.crt'),
    client_tls_key_file: file('client-side.key'),
    // It verifies the name that it has dialled and no other.
    server_tls_sslmode: anyName ? 'verify-ca' : 'verify-full',
    server_tls_ca_file: file('server-ca.crt'),
    server_tls_cert_file: file('pooler.crt'),
    server_tls_key_file: file('pooler.key'),
    // When the primary is another, servers of a session are left with the end of their transaction, not of the session.
    server_fast_close: '1',
    // A pod that was replaced has another address under the same name.
    dns_max_ttl: '1',
    dns_nxdomain_ttl: '1',
  };
}

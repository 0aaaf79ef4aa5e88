/** Who may connect and how they prove it: pg_hba.conf and pg_ident.conf, first match wins. */
import { LOOKUP_DATABASE } from './pooler-lookup.js';
import { SYSTEM_ROLES } from '../../contract/secrets.js';
import type { ClientTlsSpec, ClusterSpec, HbaRuleSpec } from '../../contract/spec.js';

/** What is asked of applications. */
export interface ClientAccess {
  readonly tls: ClientTlsSpec;
  /** The user's rules. */
  readonly rules: readonly HbaRuleSpec[];
}

const SOCKET_MAP = 'cdk8s_postgres';

export function clientAccess({ clientTls = 'require', hba = [] }: ClusterSpec): ClientAccess {
  return { tls: clientTls, rules: hba };
}

/** The user's rules come after those of the cluster's roles, which nothing may keep out or let in otherwise, and before the one for all others. */
export function renderHba({ tls, rules: own }: ClientAccess): string {
  const { replication, rewind, monitoring, pooler } = SYSTEM_ROLES;
  const rules = [
    '# Superuser: over the local socket only, as the OS user of this container.',
    `local all postgres peer map=${SOCKET_MAP}`,
    'host all,replication postgres all reject',
    '# Roles of the cluster itself: by client certificate, and for nothing but their purpose.',
    `hostssl replication ${replication} all cert`,
    `hostssl postgres ${rewind} all cert`,
    '# The exporter beside this server, and nobody from elsewhere.',
    `hostssl postgres ${monitoring} 127.0.0.1/32 cert`,
    `hostssl postgres ${monitoring} ::1/128 cert`,
    '# pgBouncer, which looks users up.',
    `hostssl ${LOOKUP_DATABASE} ${pooler} all cert`,
    `host all,replication ${replication},${rewind},${monitoring},${pooler} all reject`,
    ...own.length === 0 ? [] : ['# What the program says.', ...own.map((rule) => line(rule, tls))],
    ...LAST[tls],
  ];
  return `${rules.join('\n')}\n`;
}

/** With TLS as well: the pooler logs its clients in as themselves, and comes with TLS always. */
const WITH_OR_WITHOUT = ['# Users: a password.', 'host all all all scram-sha-256'];

/**
 * Any certificate of the cluster's authority, and not the one of that name: what comes through the pooler shows the pooler's, and pgBouncer
 * asks its own clients for no more, either. Who is meant, the password says.
 */
const BESIDE_CERTIFICATE = 'scram-sha-256 clientcert=verify-ca';

const LAST: Record<ClientTlsSpec, readonly string[]> = {
  disable: WITH_OR_WITHOUT,
  allow: WITH_OR_WITHOUT,
  require: ['# Users: TLS and a password.', 'hostssl all all all scram-sha-256'],
  verify: ['# Users: TLS, a certificate and a password.', `hostssl all all all ${BESIDE_CERTIFICATE}`],
};

function line({ connection, databases, users, address, method }: HbaRuleSpec, tls: ClientTlsSpec): string {
  const names = (list: readonly string[]) => (list.length === 0 ? 'all' : list.map(quote).join(','));
  // No rule lets in by a password alone, and PostgreSQL reads no line that asks for a certificate without TLS.
  const [by, how] = tls === 'verify' && method === 'scram-sha-256' ? ['hostssl', BESIDE_CERTIFICATE] : [connection, method];
  return `${by} ${names(databases)} ${names(users)} ${address ?? 'all'} ${how}`;
}

export function renderIdent(osUser: string): string {
  return `${SOCKET_MAP} ${quote(osUser)} postgres\n`;
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

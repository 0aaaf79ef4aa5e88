/** Who may connect and how they prove it: pg_hba.conf and pg_ident.conf, first match wins. */
import { LOOKUP_DATABASE } from './pooler-lookup.js';
import { SYSTEM_ROLES } from '../../contract/secrets.js';
import type { HbaRuleSpec } from '../../contract/spec.js';

const SOCKET_MAP = 'cdk8s_postgres';

/** The user's rules come after those of the cluster's roles, which nothing may keep out or let in otherwise, and before the one for all others. */
export function renderHba(own: readonly HbaRuleSpec[]): string {
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
    ...own.length === 0 ? [] : ['# What the program says.', ...own.map(line)],
    '# Users: TLS and a password.',
    'hostssl all all all scram-sha-256',
  ];
  return `${rules.join('\n')}\n`;
}

function line({ connection, databases, users, address, method }: HbaRuleSpec): string {
  const names = (list: readonly string[]) => (list.length === 0 ? 'all' : list.map(quote).join(','));
  return `${connection} ${names(databases)} ${names(users)} ${address ?? 'all'} ${method}`;
}

export function renderIdent(osUser: string): string {
  return `${SOCKET_MAP} ${quote(osUser)} postgres\n`;
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

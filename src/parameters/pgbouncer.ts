import type { Construct } from 'constructs';
import { sorted } from './sorted';
import { refuse } from '../validation';

type Form = 'whole' | 'number' | 'switch' | 'text';

/** How pgBouncer 1.24 reads each value, tried out with it: a wrong one would keep it from starting. */
const FORMS: { readonly [form in Form]: { readonly pattern: RegExp; readonly rule: string } } = {
  whole: { pattern: /^\d+$/, rule: 'write a whole number without a unit' },
  number: { pattern: /^\d+(\.\d+)?$/, rule: 'write a number, without a unit; times are in seconds' },
  switch: { pattern: /^[01]$/, rule: 'write 0 or 1' },
  text: { pattern: /^[^\r\n\0]*$/, rule: 'write one line: pgbouncer.ini has no values of several' },
};

/** What a program may set, of all that `SHOW CONFIG` of pgBouncer 1.24 lists. */
const SETTINGS: { readonly [name: string]: Form } = {
  application_name_add_host: 'switch',
  autodb_idle_timeout: 'number',
  cancel_wait_timeout: 'number',
  client_idle_timeout: 'number',
  client_login_timeout: 'number',
  client_tls_ciphers: 'text',
  client_tls_dheparams: 'text',
  client_tls_ecdhcurve: 'text',
  client_tls_protocols: 'text',
  disable_pqexec: 'switch',
  idle_transaction_timeout: 'number',
  ignore_startup_parameters: 'text',
  listen_backlog: 'whole',
  log_connections: 'switch',
  log_disconnections: 'switch',
  log_pooler_errors: 'switch',
  log_stats: 'switch',
  max_db_client_connections: 'whole',
  max_packet_size: 'whole',
  max_prepared_statements: 'whole',
  max_user_client_connections: 'whole',
  max_user_connections: 'whole',
  pkt_buf: 'whole',
  query_timeout: 'number',
  query_wait_timeout: 'number',
  reserve_pool_timeout: 'number',
  sbuf_loopcnt: 'whole',
  server_check_delay: 'number',
  server_check_query: 'text',
  server_connect_timeout: 'number',
  server_idle_timeout: 'number',
  server_lifetime: 'number',
  server_login_retry: 'number',
  server_reset_query: 'text',
  server_reset_query_always: 'switch',
  server_round_robin: 'switch',
  server_tls_ciphers: 'text',
  server_tls_protocols: 'text',
  stats_period: 'whole',
  tcp_defer_accept: 'whole',
  tcp_keepalive: 'switch',
  tcp_keepcnt: 'whole',
  tcp_keepidle: 'whole',
  tcp_keepintvl: 'whole',
  tcp_socket_buffer: 'whole',
  tcp_user_timeout: 'whole',
  track_extra_parameters: 'text',
  verbose: 'whole',
};

/** Read by pgBouncer when it starts and never again. */
const AT_START: readonly string[] = ['disable_pqexec', 'listen_backlog', 'pkt_buf', 'track_extra_parameters'];

/** They have a prop of their own. */
const PROPS: { readonly [name: string]: string } = {
  pool_mode: 'mode',
  default_pool_size: 'poolSize',
  min_pool_size: 'minPoolSize',
  reserve_pool_size: 'reservePoolSize',
  max_client_conn: 'maxClientConnections',
  max_db_connections: 'maxDatabaseConnections',
};

/** Settings that a program must not give, by how their names begin, and why. */
const MANAGED: readonly (readonly [RegExp, string])[] = [
  [/^(admin|stats)_users$/, 'the console is the agent\'s, over the socket in its pod'],
  [/^auth_/, 'users are looked up in PostgreSQL'],
  [/^(client|server)_tls_(sslmode|(key|cert|ca)_file)$/, 'certificates come from the cluster\'s own authority'],
  [/^(dns_|server_fast_close$)/, 'the agent sets it, because following a failover rests on it'],
  [/^(listen_(addr|port)|unix_socket_|user$|conffile$|pidfile$|resolv_conf$|so_reuseport$|peer_id$|job_name$|service_name$|suspend_timeout$)/, 'the agent decides how pgBouncer runs in the pod'],
  [/^(logfile|syslog)/, 'logs go to the container\'s standard output'],
];

export function checkPoolerParameters(scope: Construct, parameters: { readonly [name: string]: string }): void {
  for (const [name, value] of Object.entries(parameters)) {
    const prop = `parameters.${name}`;
    if (name in PROPS) refuse(scope, prop, `has a prop of its own, "${PROPS[name]}"`, 'use that one');
    const managed = MANAGED.find(([pattern]) => pattern.test(name));
    if (managed) refuse(scope, prop, `is not yours to set: ${managed[1]}`, 'leave it out');
    if (!(name in SETTINGS)) refuse(scope, prop, 'is no setting of pgBouncer 1.24', 'look for a slip of the pen; pgBouncer spells its settings in small letters');
    const { pattern, rule } = FORMS[SETTINGS[name]];
    if (!pattern.test(value)) refuse(scope, prop, `is ${JSON.stringify(value)}`, rule);
  }
}

/** Those that a running pgBouncer does not take over. */
export function settingsAtStart(parameters: { readonly [name: string]: string }): { [name: string]: string } {
  return sorted(Object.fromEntries(Object.entries(parameters).filter(([name]) => AT_START.includes(name))));
}

/** Settings that neither a program nor a file beside it may give, and why. */

const AGENT_SETS = 'the agent sets it, because its promises rest on it';
const REPLICATION = 'the agent sets it as roles move';
const ARCHIVE = 'backups are configured as backups, not by commands of one\'s own';
const RECOVERY = 'a restore to a point in time is asked for as a bootstrap, not by parameters';
const FILES = 'the agent decides where files lie in the pod';
const TLS = 'certificates come from the cluster\'s own authority, or from the Secret that "certificates.serverTlsSecret" names';
const LOGS = 'logs go to the container\'s standard error, and the agent reads them';

export const MANAGED_PARAMETERS: { readonly [name: string]: string } = {
  allow_alter_system: 'what ALTER SYSTEM writes would contradict Git',
  archive_cleanup_command: ARCHIVE,
  archive_command: ARCHIVE,
  archive_library: ARCHIVE,
  archive_mode: ARCHIVE,
  cluster_name: 'it is the instance\'s name, by which replicas are known',
  config_file: FILES,
  data_directory: FILES,
  external_pid_file: FILES,
  fsync: 'without it a crash destroys the data',
  full_page_writes: 'without it a crash destroys the data, and pg_rewind needs it',
  hba_file: FILES,
  hot_standby: AGENT_SETS,
  ident_file: FILES,
  lc_messages: LOGS,
  listen_addresses: 'Services and agents expect it on all addresses of the pod',
  log_destination: LOGS,
  logging_collector: LOGS,
  port: 'Services and agents expect 5432',
  primary_conninfo: REPLICATION,
  primary_slot_name: REPLICATION,
  recovery_end_command: RECOVERY,
  recovery_target: RECOVERY,
  recovery_target_action: RECOVERY,
  recovery_target_inclusive: RECOVERY,
  recovery_target_lsn: RECOVERY,
  recovery_target_name: RECOVERY,
  recovery_target_time: RECOVERY,
  recovery_target_timeline: RECOVERY,
  recovery_target_xid: RECOVERY,
  restart_after_crash: 'after a crash the agent decides whether to restart here or to fail over',
  restore_command: REPLICATION,
  ssl: TLS,
  ssl_ca_file: TLS,
  ssl_cert_file: TLS,
  ssl_key_file: TLS,
  synchronous_standby_names: 'it follows from "replication"',
  unix_socket_directories: FILES,
  unix_socket_permissions: 'the superuser logs in over that socket, and only the agent\'s system user may reach it',
  wal_log_hints: 'pg_rewind needs it',
  wal_retrieve_retry_interval: AGENT_SETS,
};

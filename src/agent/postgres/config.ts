/**
 * The server's configuration, rendered whole from the spec and from what the agent decided. It lies outside PGDATA, so that neither a base
 * backup nor pg_rewind brings another instance's.
 */
import { join } from 'node:path';
import { replicationConninfo } from './conninfo.js';
import { readIfPresent, writeDurably } from '../files.js';
import { renderHba, renderIdent, type ClientAccess } from './hba.js';
import { slotName } from './slots.js';
import type { PostgresPaths, Role, Upstream } from './types.js';

export interface ConfigInput {
  /** The PostgreSQL major version, like `17`. */
  readonly major: string;
  readonly instance: string;
  /** The user's settings. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly role: Role;
  /** null: no primary_conninfo, because it is sealed or there is nobody to follow. */
  readonly upstream: Upstream | null;
  /**
   * No transaction writes unless it asks to by itself: a full primary that nobody can take over from is still there to read from, and to make
   * room in (I30).
   */
  readonly readOnly: boolean;
  /** What the data directory's control file demands of a standby, `ControlData.standbyFloor`; empty for a primary. */
  readonly standbyFloor: Readonly<Record<string, number>>;
  /** The OS user that may log in as the superuser over the socket. */
  readonly osUser: string;
  /** pgBackRest's name of the cluster; null: nothing is archived. */
  readonly stanza: string | null;
  readonly hba: ClientAccess;
}

type Settings = Record<string, string>;

export function configFile(paths: PostgresPaths): string {
  return join(paths.confDir, 'postgresql.conf');
}

/** `ignored`: the user's parameters that the agent manages itself. Reload when `changed`; pg_settings then tells what waits for a restart. */
export async function writeConfig(paths: PostgresPaths, input: ConfigInput): Promise<{ changed: boolean; ignored: string[] }> {
  const { text, ignored } = renderConfig(paths, input);
  const written = [
    await writeIfChanged(hbaFile(paths), renderHba(input.hba)),
    await writeIfChanged(identFile(paths), renderIdent(input.osUser)),
    await writeIfChanged(configFile(paths), text),
  ];
  return { changed: written.includes(true), ignored };
}

export function renderConfig(paths: PostgresPaths, input: ConfigInput): { text: string; ignored: string[] } {
  const managed = managedSettings(paths, input);
  const user = Object.entries(input.parameters).map(([name, value]) => [name.toLowerCase(), value] as const);
  const isManaged = (name: string) => name in managed || NEVER_SET.has(name);
  const accepted = Object.fromEntries(user.filter(([name]) => !isManaged(name)));
  const settings = { ...DEFAULTS, ...(input.stanza === null ? {} : ARCHIVING_DEFAULTS), ...accepted, ...managed };
  const lines = Object.entries({ ...settings, ...raisedToFloor(settings, input.standbyFloor) }).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => `${name} = ${quote(value)}`);
  return {
    text: `# Written by the agent; parameters belong into the spec.\n${lines.join('\n')}\n`,
    ignored: user.map(([name]) => name).filter(isManaged),
  };
}

/** Ours where the user says nothing. */
const DEFAULTS: Settings = {
  wal_level: 'logical',
  wal_keep_size: '512MB',
  max_wal_senders: '10',
  max_replication_slots: '32',
  // A lost replica must not fill the disk of the one that serves; it is cloned again instead (I29).
  max_slot_wal_keep_size: '4GB',
  wal_sender_timeout: '5s',
  wal_receiver_timeout: '5s',
  wal_receiver_status_interval: '1s',
  password_encryption: 'scram-sha-256',
  ssl_min_protocol_version: 'TLSv1.2',
  log_line_prefix: '%m [%p] %q%u@%d ',
  log_timezone: 'UTC',
  timezone: 'UTC',
};

/** So that a quiet cluster can be restored to a moment not long ago. */
const ARCHIVING_DEFAULTS: Settings = { archive_timeout: '60s' };

/** What keeps the agent's promises; a user's value is not taken. */
function managedSettings(paths: PostgresPaths, input: ConfigInput): Settings {
  const certificate = (file: string) => join(paths.certificatesDir, file);
  return {
    cluster_name: input.instance,
    listen_addresses: '*',
    port: String(paths.port),
    unix_socket_directories: paths.socketDir,
    // The peer map lets in one OS user only.
    unix_socket_permissions: '0700',
    hba_file: hbaFile(paths),
    ident_file: identFile(paths),
    ssl: 'on',
    ssl_cert_file: certificate('server.crt'),
    ssl_key_file: certificate('server.key'),
    ssl_ca_file: certificate('ca.crt'),
    // A crash is the agent's to judge: restart here or elsewhere (I38).
    restart_after_crash: 'off',
    hot_standby: 'on',
    // pg_rewind needs it where data checksums are off.
    wal_log_hints: 'on',
    full_page_writes: 'on',
    fsync: 'on',
    ...archiving(paths, input.stanza),
    recovery_target_timeline: 'latest',
    wal_retrieve_retry_interval: '200ms',
    restore_command: restoreCommand(paths, input.stanza),
    primary_conninfo: input.upstream === null ? '' : replicationConninfo(paths, input.upstream, input.instance),
    primary_slot_name: input.upstream === null ? '' : slotName(input.instance),
    synchronous_standby_names: '',
    logging_collector: 'off',
    log_destination: 'stderr',
    // The agent reads severities.
    lc_messages: 'C',
    ...(input.readOnly ? { default_transaction_read_only: 'on' } : {}),
    ...(Number(input.major) >= 17 ? { allow_alter_system: 'off' } : {}),
  };
}

/** Settings with which a user could take the server from under the agent. */
export const NEVER_SET: ReadonlySet<string> = new Set([
  'config_file', 'data_directory', 'external_pid_file', 'archive_command', 'archive_library', 'archive_cleanup_command', 'recovery_end_command',
  'promote_trigger_file', 'allow_alter_system', 'recovery_target', 'recovery_target_action', 'recovery_target_inclusive', 'recovery_target_lsn',
  'recovery_target_name', 'recovery_target_time', 'recovery_target_xid', 'event_source', 'include', 'include_dir', 'include_if_exists',
]);

/** Only a primary archives, and only through the gate that this agent keeps open while its Lease is valid (I27). */
function archiving(paths: PostgresPaths, stanza: string | null): Settings {
  if (stanza === null) return { archive_mode: 'off' };
  const { config, gate } = paths.pgBackRest;
  return {
    archive_mode: 'on',
    archive_command: `${paths.guard} archive --gate ${gate} -- pgbackrest --config=${config} --stanza=${stanza} archive-push "%p"`,
  };
}

/** How long recovery waits for the archive at most; a segment takes a fraction of a second. */
const FETCH_TAKES = '10s';

/**
 * WAL that a crashed primary's agent handed over (I38), quick and quiet, because recovery asks for every file, promotion included. Then the
 * archive, as long as the agent wants it to be asked.
 */
function restoreCommand(paths: PostgresPaths, stanza: string | null): string {
  const source = `${paths.handoverDir}/%f`;
  if (stanza === null) return `test -f "${source}" && cp "${source}" "%p"`;
  const { config, fetch } = paths.pgBackRest;
  const get = `pgbackrest --config=${config} --stanza=${stanza} archive-get "%f" "%p"`;
  return `if test -f "${source}"; then cp "${source}" "%p"; else ${paths.guard} fetch --when ${fetch} --resting ${fetch}.rests --within ${FETCH_TAKES} -- ${get}; fi`;
}

/**
 * A standby that has less of these than its primary had pauses its recovery. So a lowered value reaches a standby only after the primary
 * has restarted with it and the control file says so.
 */
function raisedToFloor(settings: Settings, floor: Readonly<Record<string, number>>): Settings {
  return Object.fromEntries(Object.entries(floor)
    .filter(([name, least]) => Number(settings[name] ?? SERVER_DEFAULTS[name]) < least)
    .map(([name, least]) => [name, String(least)]));
}

/** PostgreSQL's own, where neither we nor the user say anything. */
const SERVER_DEFAULTS: Readonly<Record<string, number>> = {
  max_connections: 100,
  max_worker_processes: 8,
  max_prepared_transactions: 0,
  max_locks_per_transaction: 64,
};

async function writeIfChanged(path: string, text: string): Promise<boolean> {
  if (await readIfPresent(path) === text) return false;
  await writeDurably(path, text);
  return true;
}

function hbaFile(paths: PostgresPaths): string {
  return join(paths.confDir, 'pg_hba.conf');
}

function identFile(paths: PostgresPaths): string {
  return join(paths.confDir, 'pg_ident.conf');
}

function quote(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

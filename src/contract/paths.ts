/**
 * Where things lie inside an instance pod.
 *
 * A volume is mounted one level above the directory that PostgreSQL uses, because a process that is not root cannot change the mode of a
 * mount point and PostgreSQL insists on 0700.
 */
export const DATA_MOUNT = '/pgdata';
export const PGDATA = `${DATA_MOUNT}/data`;
/** The data directory of an instance whose spec names another place for it within the volume. */
export function dataDirectory(path?: string): string {
  return path === undefined ? PGDATA : `${DATA_MOUNT}/${path}`;
}
/** Configuration files, outside PGDATA so that neither a base backup nor pg_rewind overwrites them. */
export const CONFIG_DIR = `${DATA_MOUNT}/conf`;
/** What the agent remembers across restarts: identity, copies of CA and credentials, the last good spec. Mode 0700. */
export const AGENT_STATE_DIR = `${DATA_MOUNT}/agent`;
/** WAL handed over by a crashed primary's agent, picked up by restore_command (I38). */
export const HANDOVER_DIR = `${DATA_MOUNT}/handover`;
/** The flock that every PostgreSQL process of this data directory holds (I37). */
export const LOCK_FILE = `${DATA_MOUNT}/postgres.lock`;

export const WAL_MOUNT = '/pgwal';
export const WAL_DIR = `${WAL_MOUNT}/wal`;

const TABLESPACE_MOUNT = '/tablespaces';
export function tablespaceMount(name: string): string {
  return `${TABLESPACE_MOUNT}/${name}`;
}
/** The directory that CREATE TABLESPACE names. */
export function tablespaceDir(name: string): string {
  return `${tablespaceMount(name)}/data`;
}

/** In instances with backups: what pgBackRest has fetched ahead of recovery, and which segments it has pushed. */
export const SPOOL_DIR = `${DATA_MOUNT}/spool`;
/** Configuration, certificates and keys of pgBackRest, 0600, in memory; shared by the agent's container and pgBackRest's server. */
export const PGBACKREST_DIR = '/run/pgbackrest';
export const PGBACKREST_CONFIG = `${PGBACKREST_DIR}/pgbackrest.conf`;

/** By which the agent tells archive_command whether its Lease is valid (I27). */
export const ARCHIVE_GATE = `${PGBACKREST_DIR}/archive-gate`;
/** While it is there, recovery may ask the archive. */
export const FETCH_WANTED = `${PGBACKREST_DIR}/fetch-wanted`;

/** On the repo host. Repos are numbered as pgBackRest numbers them, from 1. */
export function repoMount(repo: number): string {
  return `/pgbackrest/repo${repo}`;
}
/** One level below the mount, whose mode only root could change. */
export function repoDir(repo: number): string {
  return `${repoMount(repo)}/data`;
}

export const SOCKET_DIR = '/run/postgresql';
export const TMP_DIR = '/tmp';
/** Where the init container puts the agent. */
export const AGENT_DIR = '/agent';
export const AGENT_IMAGE_DIR = '/opt/agent';
/** Certificates and keys written by the agent for PostgreSQL, 0600, in memory. */
export const CERTIFICATES_DIR = '/run/certificates';
/**
 * The client certificate of the role that only watches: in memory, shared with the exporter and with nobody else. The exporter sees neither
 * the socket, where its OS user would be the superuser, nor the other certificates.
 */
export const MONITORING_DIR = '/run/monitoring';
/** How the backup is read that a new cluster begins with: pgBackRest's configuration, keys and certificates. */
export const BOOTSTRAP_DIR = `${CERTIFICATES_DIR}/bootstrap`;
/** In memory, in a pooler's pod: what pgBouncer reads, and the socket of its console. */
export const POOLER_DIR = '/run/pgbouncer';
/** The generated passwd file: initdb fails for a uid that has no entry. */
export const PASSWD_FILE = '/etc/passwd';

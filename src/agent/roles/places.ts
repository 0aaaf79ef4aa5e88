/** Where things lie in the pod of an instance. */
import {
  AGENT_DIR, AGENT_STATE_DIR, ARCHIVE_GATE, CERTIFICATES_DIR, CONFIG_DIR, DATA_MOUNT, dataDirectory, FETCH_WANTED, HANDOVER_DIR, LOCK_FILE, PGBACKREST_CONFIG,
  SOCKET_DIR, tablespaceDir, tablespaceMount, WAL_DIR, WAL_MOUNT,
} from '../../contract/paths.js';
import { POSTGRES_PORT } from '../../contract/ports.js';
import type { ClusterSpec } from '../../contract/spec.js';
import type { Mount } from '../local/volumes.js';
import type { PostgresPaths } from '../postgres/types.js';

export function pathsOf(spec: ClusterSpec, instance: string): PostgresPaths {
  const own = spec.instances.find((i) => i.name === instance);
  return {
    pgdata: dataDirectory(own?.dataPath),
    confDir: CONFIG_DIR,
    stateDir: AGENT_STATE_DIR,
    handoverDir: HANDOVER_DIR,
    certificatesDir: CERTIFICATES_DIR,
    socketDir: SOCKET_DIR,
    lockFile: LOCK_FILE,
    ...(own?.walVolume === true ? { walDir: WAL_DIR } : {}),
    tablespaces: Object.fromEntries((own?.tablespaces ?? []).map((name) => [name, tablespaceDir(name)])),
    pgBackRest: { config: PGBACKREST_CONFIG, gate: ARCHIVE_GATE, fetch: FETCH_WANTED },
    guard: `${AGENT_DIR}/pgguard`,
    port: POSTGRES_PORT,
  };
}

export function mountsOf(spec: ClusterSpec, instance: string): Mount[] {
  const own = spec.instances.find((i) => i.name === instance);
  return [
    { label: 'data', name: 'data', path: DATA_MOUNT },
    ...(own?.walVolume === true ? [{ label: 'wal', name: 'write-ahead log', path: WAL_MOUNT }] : []),
    ...(own?.tablespaces ?? []).map((name) => ({ label: `tablespace-${name}`, name: `tablespace ${name}`, path: tablespaceMount(name) })),
  ];
}

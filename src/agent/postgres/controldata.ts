/** What lies in the data directory, told without starting it. */
import { access, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { entriesOf, messageOf, readIfPresent, unlessAbsent } from '../files.js';
import { readHistory, walDirectory } from './history.js';
import { readIncarnation } from './identity.js';
import { unfinishedWork } from './marker.js';
import { program, run, runOrThrow } from './run.js';
import type { ClusterState, ControlData, DataDirectory, PostgresPaths } from './types.js';
import { parseLsn } from '../core/lsn.js';

export async function readControlData(paths: PostgresPaths): Promise<ControlData> {
  const { code, stdout, stderr } = await run([program(paths, 'pg_controldata'), '-D', paths.pgdata]);
  // A torn file is printed all the same, with a warning: first in the output, or apart from it since PostgreSQL 17.
  const complaint = /^.*warning: .*$/im.exec(`${stderr}\n${stdout}`)?.[0];
  if (code !== 0 || complaint !== undefined) throw new Error(`pg_control is damaged: ${complaint ?? stderr}`);
  return parseControlData(stdout);
}

export function parseControlData(printed: string): ControlData {
  const lines = new Map(printed.split('\n').map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  }));
  const text = (name: string): string => {
    const value = lines.get(name);
    if (value === undefined) throw new Error(`pg_controldata printed no line "${name}"`);
    return value;
  };
  const number = (name: string): number => Number(text(name));
  const checkpointTimeline = number("Latest checkpoint's TimeLineID");
  const minRecoveryEndTimeline = number("Min recovery ending loc's timeline");
  const floor = ['max_connections', 'max_worker_processes', 'max_wal_senders', 'max_prepared_xacts', 'max_locks_per_xact'] as const;
  return {
    systemId: text('Database system identifier'),
    state: text('Database cluster state') as ClusterState,
    pgControlVersion: number('pg_control version number'),
    catalogVersion: number('Catalog version number'),
    checkpointTimeline,
    checkpointLsn: parseLsn(text('Latest checkpoint location')),
    redoLsn: parseLsn(text("Latest checkpoint's REDO location")),
    minRecoveryEndLsn: parseLsn(text('Minimum recovery ending location')),
    minRecoveryEndTimeline,
    timeline: Math.max(checkpointTimeline, minRecoveryEndTimeline),
    segmentSize: number('Bytes per WAL segment'),
    dataChecksums: text('Data page checksum version') !== '0',
    standbyFloor: Object.fromEntries(floor.map((name) => [SETTING_NAMES[name], number(`${name} setting`)])),
  };
}

/** pg_controldata abbreviates two of them. */
const SETTING_NAMES = {
  max_connections: 'max_connections',
  max_worker_processes: 'max_worker_processes',
  max_wal_senders: 'max_wal_senders',
  max_prepared_xacts: 'max_prepared_transactions',
  max_locks_per_xact: 'max_locks_per_transaction',
} as const;

/** Looks, and never writes. `major` is the one that the spec wants. */
export async function readDataDirectory(paths: PostgresPaths, major: string): Promise<DataDirectory> {
  try {
    const entries = await entriesOf(paths.pgdata);
    if (entries === undefined || entries.length === 0) return { kind: 'absent' };
    const unfinished = await unfinishedWork(paths);
    if (unfinished === 'rewind') return { kind: 'poisoned', why: `a pg_rewind of ${paths.pgdata} did not finish` };
    if (unfinished !== undefined) return { kind: 'incomplete', why: `${unfinished} of ${paths.pgdata} did not finish` };
    const version = (await readIfPresent(join(paths.pgdata, 'PG_VERSION')))?.trim();
    if (version === undefined || !(await exists(join(paths.pgdata, 'global/pg_control')))) {
      return { kind: 'incomplete', why: `${paths.pgdata} is not empty, but PG_VERSION or global/pg_control is missing` };
    }
    if (version !== major) return { kind: 'otherMajor', major: version };
    return await describe(paths, version);
  } catch (error) {
    return { kind: 'unreadable', why: `${paths.pgdata}: ${messageOf(error)}` };
  }
}

async function describe(paths: PostgresPaths, major: string): Promise<DataDirectory> {
  await refuseHalf(paths);
  const control = await readControlData(paths);
  const isStandby = await exists(join(paths.pgdata, 'standby.signal')) || await exists(join(paths.pgdata, 'recovery.signal'));
  return {
    kind: 'present',
    major,
    systemId: control.systemId,
    timeline: control.timeline,
    history: await readHistory(paths, control.timeline),
    control,
    wasPrimary: !isStandby && PRIMARY_STATES.has(control.state),
    cleanShutdown: control.state === 'shut down' || control.state === 'shut down in recovery',
    incarnation: await readIncarnation(paths, control.systemId),
  };
}

/** A volume that was lost while another one stayed: PostgreSQL would start without its tables, or not at all. */
async function refuseHalf(paths: PostgresPaths): Promise<void> {
  const lost = (what: string, where: string) =>
    new Error(`its ${what} is missing in ${where}: one of the instance's volumes was lost or replaced; put it back, or delete all of them and the pod, and it is cloned anew`);
  if (!await exists(walDirectory(paths))) throw lost('write-ahead log', walDirectory(paths));
  for (const link of await readdir(join(paths.pgdata, 'pg_tblspc'))) {
    const target = await readlink(join(paths.pgdata, 'pg_tblspc', link)).catch(() => null);
    const [name] = Object.entries(paths.tablespaces).find(([, directory]) => directory === target) ?? [];
    if (name === undefined) continue;
    const entries = await entriesOf(target!) ?? [];
    if (!entries.some((entry) => entry.startsWith('PG_'))) throw lost(`tablespace ${name}`, target!);
  }
}

/** Without a signal file; a promotion that was cut short is still `in archive recovery`, and nobody has committed on it. */
const PRIMARY_STATES: ReadonlySet<ClusterState> = new Set(['in production', 'shutting down', 'shut down', 'in crash recovery']);

async function exists(path: string): Promise<boolean> {
  return await access(path).then(() => true, unlessAbsent) ?? false;
}

/** The installed programs' major version, like `17`; binaries follow the data, so it must equal PG_VERSION (architecture.md 11). */
export async function installedMajor(paths: PostgresPaths): Promise<string> {
  const printed = await runOrThrow([program(paths, 'postgres'), '--version']);
  const major = /\(PostgreSQL\) (\d+)/.exec(printed)?.[1];
  if (major === undefined) throw new Error(`postgres --version printed "${printed.trim()}"`);
  return major;
}

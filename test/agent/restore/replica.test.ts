/** Replicas out of a real repo: of a primary that goes on writing, over a failover, and where the repo is no help. */
import { mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { baseBackup, clone } from '../../../src/agent/postgres/clone.js';
import { unfinishedWork } from '../../../src/agent/postgres/marker.js';
import { runOrThrow } from '../../../src/agent/postgres/run.js';
import { reconcileSlots, slotName } from '../../../src/agent/postgres/slots.js';
import type { Role } from '../../../src/agent/postgres/types.js';
import type { Stanza } from '../../../src/agent/restore/catalog.js';
import { copyFromRepo } from '../../../src/agent/restore/replica.js';
import { TestBed, type TestInstance } from '../postgres/support/instance';

const VOLUMES = { walVolume: true, tablespaces: ['cold'] };

let bed: TestBed;
let one: TestInstance;
let two: TestInstance;
let systemId: string;

beforeEach(async () => {
  bed = new TestBed();
  one = await bed.instance('one', VOLUMES);
  two = await bed.instance('two', VOLUMES);
  mkdirSync(join(one.folder, 'repo'));
  ({ systemId } = await one.initialize());
  await one.server.stop('fast', 20_000);
  await startArchiving(one);
  await pgBackRest(one, 'stanza-create');
  await one.sql('CREATE TABLE rows (id int)');
  await one.sql('INSERT INTO rows VALUES (1)');
  await pgBackRest(one, 'backup', '--type=full');
}, 120_000);
afterEach(() => bed.remove());

/** pgBackRest as it is configured on an instance; the repos are the first one's. */
function stanzaOf(instance: TestInstance, repos: readonly string[] = ['repo']): Stanza {
  const config = join(instance.folder, 'pgbackrest.conf');
  writeFileSync(config, [
    '[global]', 'log-level-file=off', `lock-path=${instance.folder}/lock`, 'start-fast=y',
    ...repos.flatMap((repo, index) => [`repo${index + 1}-path=${join(one.folder, repo)}`, `repo${index + 1}-retention-full=9`]),
    '[orders]',
    `pg1-path=${instance.paths.pgdata}`, `pg1-socket-path=${instance.paths.socketDir}`, `pg1-port=${instance.paths.port}`, 'pg1-user=postgres', '',
  ].join('\n'));
  return { config, stanza: 'orders' };
}

function pgBackRest(instance: TestInstance, ...command: string[]): Promise<string> {
  const { config, stanza } = stanzaOf(instance);
  return runOrThrow(['pgbackrest', `--config=${config}`, `--stanza=${stanza}`, ...command]);
}

async function startArchiving(instance: TestInstance, role: Role = 'primary'): Promise<void> {
  const { config, stanza } = stanzaOf(instance);
  await instance.configure(role);
  const file = join(instance.paths.confDir, 'postgresql.conf');
  writeFileSync(file, `${readFileSync(file, 'utf8')}archive_mode = on\narchive_command = 'pgbackrest --config=${config} --stanza=${stanza} archive-push "%p"'\n`);
  await instance.server.start(role);
  await instance.up();
}

/** Rows of which the archive has some and the primary's own log the rest. */
async function goOn(primary: TestInstance, from: number): Promise<void> {
  await primary.sql(`INSERT INTO rows SELECT generate_series(${from}, ${from + 99})`);
  const [{ name }] = await primary.sql('SELECT pg_walfile_name(pg_switch_wal()) AS name') as [{ name: string }];
  for (let archived = ''; archived < name;) [{ archived }] = await primary.sql('SELECT coalesce(last_archived_wal, \'\') AS archived FROM pg_stat_archiver') as [{ archived: string }];
  await primary.sql(`INSERT INTO rows SELECT generate_series(${from + 100}, ${from + 199})`);
}

/** How it came by its files. It then streams from the primary, and has all its rows. */
async function joins(replica: TestInstance, primary: TestInstance, rows: number, repos?: readonly string[]): Promise<string> {
  await reconcileSlots(primary.paths, 'primary', [{ instance: replica.name, lsn: null }]);
  const source = { upstream: primary.address, slot: slotName(replica.name), systemId, applicationName: replica.name };
  const methods = [copyFromRepo(stanzaOf(replica, repos), () => replica.configure('primary')), baseBackup];
  const { method } = await clone(replica.paths, source, methods, replica.log, AbortSignal.timeout(60_000));
  expect(await unfinishedWork(replica.paths)).toBeUndefined();
  replica.upstream = primary.address;
  await replica.start('standby');
  const { flushLsn } = await primary.up();
  await replica.until(({ walReceiver, replayLsn }) => walReceiver?.status === 'streaming' && replayLsn! >= flushLsn!);
  expect(await replica.sql('SELECT count(*)::int AS rows FROM rows')).toEqual([{ rows }]);
  expect(readlinkSync(join(replica.paths.pgdata, 'pg_wal'))).toBe(replica.paths.walDir);
  expect(readdirSync(replica.paths.pgdata)).not.toContain('recovery.signal');
  expect(readFileSync(join(replica.paths.pgdata, 'postgresql.auto.conf'), 'utf8')).not.toMatch(/restore_command/);
  return method.name;
}

test('a replica begins with the backup and the archived log of the repo that has them, and streams on from there', async () => {
  mkdirSync(join(one.folder, 'new'));
  await one.sql(`CREATE TABLESPACE cold LOCATION '${one.paths.tablespaces.cold}'`);
  await one.sql('ALTER TABLE rows SET TABLESPACE cold');
  await pgBackRest(one, 'backup', '--type=full');
  await goOn(one, 2);
  expect(await joins(two, one, 201, ['new', 'repo'])).toBe('pgbackrest restore');
  expect(readdirSync(two.paths.tablespaces.cold!)).toHaveLength(1);
}, 120_000);

test('a backup of before a failover serves a replica of the new primary', async () => {
  await goOn(one, 2);
  await joins(two, one, 201);
  await two.server.stop('fast', 20_000);
  await startArchiving(two, 'standby');
  await two.until(({ walReceiver }) => walReceiver?.status === 'streaming');
  await one.server.stop('fast', 20_000);
  await two.server.promote(AbortSignal.timeout(10_000));
  await goOn(two, 202);
  const three = await bed.instance('three', VOLUMES);
  expect(await joins(three, two, 401)).toBe('pgbackrest restore');
  expect((await three.up()).timeline).toBe(2);
}, 120_000);

test.each([
  ['cannot be read', 'mv repo/backup repo/backups'],
  ['lacks some of the log', 'find repo/archive -type f -name "0000000100*" | sort | head -2 | xargs rm'],
])('where the repo %s the copy comes from the primary, and nothing is left of the first attempt', async (_, fault) => {
  await goOn(one, 2);
  await runOrThrow(['/bin/sh', '-ec', `cd "$1"; ${fault}`, 'sh', one.folder]);
  expect(await joins(two, one, 201)).toBe('pg_basebackup');
}, 120_000);

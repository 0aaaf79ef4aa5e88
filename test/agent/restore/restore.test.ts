import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readData } from '../../../src/agent/local/data.js';
import { writeConfig } from '../../../src/agent/postgres/config.js';
import { installedMajor } from '../../../src/agent/postgres/controldata.js';
import { runOrThrow } from '../../../src/agent/postgres/run.js';
import { backupsOf, chooseBackup, type Stanza } from '../../../src/agent/restore/catalog.js';
import { refuseUsedArchive, restore } from '../../../src/agent/restore/restore.js';
import type { RecoveryTargetSpec } from '../../../src/contract/spec';
import { TestBed, type TestInstance } from '../postgres/support/instance';

/** A source with a backup, and rows in a tablespace that were written after it, each in a transaction of its own. */
let bed: TestBed;
/** Of what one test restores. */
let fresh: TestBed;
let one: TestInstance;
let source: Stanza;
let systemId: string;
/** When and where row 2 was there and row 3 not yet. */
let between: { time: string; lsn: string; xid: string };

const signal = (): AbortSignal => AbortSignal.timeout(60_000);

beforeAll(async () => {
  bed = new TestBed();
  one = await bed.instance('one', { walVolume: true, tablespaces: ['cold'] });
  const repo = join(one.folder, 'repo');
  mkdirSync(repo);
  source = { stanza: 'orders', config: join(one.folder, 'source.conf') };
  writeFileSync(source.config, [
    '[global]', `repo1-path=${repo}`, 'log-level-file=off', `lock-path=${one.folder}/lock`, 'start-fast=y', 'repo1-retention-full=9', '[orders]',
    `pg1-path=${one.paths.pgdata}`, `pg1-socket-path=${one.paths.socketDir}`, `pg1-port=${one.paths.port}`, 'pg1-user=postgres', '',
  ].join('\n'));
  const pgbackrest = ['pgbackrest', `--config=${source.config}`, '--stanza=orders'] as const;
  ({ systemId } = await one.initialize());
  const archiving = `archive_mode = on\narchive_command = '${pgbackrest.join(' ')} archive-push "%p"'\n`;
  await one.server.stop('fast', 20_000);
  await one.configure('primary');
  const file = join(one.paths.confDir, 'postgresql.conf');
  writeFileSync(file, `${readFileSync(file, 'utf8')}${archiving}`);
  await one.server.start('primary');
  await one.up();
  await runOrThrow([...pgbackrest, 'stanza-create']);
  await one.sql(`CREATE TABLESPACE cold LOCATION '${one.paths.tablespaces.cold}'`);
  await one.sql('CREATE TABLE rows (id int) TABLESPACE cold');
  await one.sql('INSERT INTO rows VALUES (1)');
  await runOrThrow([...pgbackrest, 'backup', '--type=full']);
  await new Promise((resolve) => setTimeout(resolve, 1_100)); // pgBackRest counts whole seconds.
  const [{ xid }] = await one.sql('INSERT INTO rows VALUES (2) RETURNING pg_current_xact_id()::text AS xid') as [{ xid: string }];
  await one.sql("SELECT pg_create_restore_point('before the third')");
  const [{ lsn }] = await one.sql('SELECT pg_current_wal_insert_lsn()::text AS lsn') as [{ lsn: string }];
  await new Promise((resolve) => setTimeout(resolve, 50));
  between = { time: new Date().toISOString(), lsn, xid };
  await new Promise((resolve) => setTimeout(resolve, 50));
  await one.sql('INSERT INTO rows VALUES (3)');
  await one.sql('SELECT pg_switch_wal()');
  // A stop waits for the archive.
  await one.server.stop('fast', 20_000);
}, 120_000);
afterAll(() => bed.remove());
beforeEach(() => { fresh = new TestBed(); });
afterEach(() => fresh.remove());

/** A new instance restored to the target, and what a primary on it shows. */
async function restored(target: RecoveryTargetSpec, options = { walVolume: true, tablespaces: ['cold'] }): Promise<{ two: TestInstance; rows: unknown[]; timeline: number }> {
  const two = await fresh.instance('two', options);
  await writeConfig(two.paths, await configOf(two));
  const { timeline } = await restore(two.paths, source, { repo: {} as never, stanza: 'orders', target }, two.log, signal());
  const data = await readData(two.paths, await installedMajor(two.paths), null);
  expect(data).toMatchObject({ kind: 'present', systemId, wasPrimary: true, fresh: true, end: { timeline } });
  await two.start('primary');
  const rows = (await two.sql('SELECT id FROM rows ORDER BY id')).map(({ id }) => id);
  await two.server.stop('fast', 20_000);
  return { two, rows, timeline };
}

async function configOf(instance: TestInstance): Promise<Parameters<typeof writeConfig>[1]> {
  return {
    major: await installedMajor(instance.paths), instance: instance.name, role: 'primary', upstream: null, standbyFloor: {}, parameters: instance.parameters,
    osUser: (await import('node:os')).userInfo().username, stanza: null, hba: { tls: 'require', rules: [] },
  };
}

test.each<[string, () => RecoveryTargetSpec, number[]]>([
  ['the end of the archive', () => ({ type: 'latest' }), [1, 2, 3]],
  ['the end of the backup', () => ({ type: 'immediate' }), [1]],
  ['a time', () => ({ type: 'time', value: between.time }), [1, 2]],
  ['a position in the log', () => ({ type: 'lsn', value: between.lsn }), [1, 2]],
  ['a restore point', () => ({ type: 'name', value: 'before the third' }), [1, 2]],
  ['a transaction', () => ({ type: 'xid', value: between.xid }), [1, 2]],
])('the data is recovered to %s, on a new timeline', async (_, target, expected) => {
  const { two, rows, timeline } = await restored(target());
  expect(rows).toEqual(expected);
  expect(timeline).toBe(2);
  expect(readlinkSync(join(two.paths.pgdata, 'pg_wal'))).toBe(two.paths.walDir);
  expect(readdirSync(two.paths.tablespaces.cold!)).toHaveLength(1);
  expect(readFileSync(join(two.paths.pgdata, 'postgresql.auto.conf'), 'utf8')).not.toMatch(/recovery|restore_command/);
  expect(existsSync(join(two.paths.walDir!, 'archive_status/00000002.history.ready'))).toBe(true);
}, 60_000);

test('a target that the archive does not reach fails with PostgreSQL\'s reason, and what it leaves is never taken for data', async () => {
  const two = await fresh.instance('two', { tablespaces: ['cold'] });
  await writeConfig(two.paths, await configOf(two));
  const again = (target: RecoveryTargetSpec) => restore(two.paths, source, { repo: {} as never, stanza: 'orders', target }, two.log, signal());
  await expect(again({ type: 'time', value: '2100-01-01T00:00:00Z' })).rejects.toThrow(/recovery ended before configured recovery target was reached/);
  expect(await readData(two.paths, await installedMajor(two.paths), null)).toMatchObject({ kind: 'incomplete', why: expect.stringContaining('restore') as string });
  await again({ type: 'latest' });
  expect(await readData(two.paths, await installedMajor(two.paths), null)).toMatchObject({ kind: 'present', fresh: true });
}, 60_000);

test('a repo with a fault is not the end of the log: recovery fails, and once the fault is gone nothing is missing', async () => {
  const { PATH } = process.env;
  const programs = join(one.folder, 'programs');
  mkdirSync(programs);
  // pgBackRest's own code for a server that does not answer.
  writeFileSync(join(programs, 'pgbackrest'), `#!/bin/sh\ncase "$*" in *archive-get*) exit 49;; esac\nPATH='${PATH!}' exec pgbackrest "$@"\n`, { mode: 0o755 });
  const two = await fresh.instance('two', { tablespaces: ['cold'] });
  await writeConfig(two.paths, await configOf(two));
  const latest = () => restore(two.paths, source, { repo: {} as never, stanza: 'orders', target: { type: 'latest' } }, two.log, signal());
  process.env.PATH = `${programs}:${PATH!}`;
  try {
    await expect(latest()).rejects.toThrow(/recovery to the target "latest" failed/);
  } finally {
    process.env.PATH = PATH;
  }
  expect(await readData(two.paths, await installedMajor(two.paths), null)).toMatchObject({ kind: 'incomplete' });
  await latest();
  await two.start('primary');
  expect(await two.sql('SELECT id FROM rows ORDER BY id')).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
}, 90_000);

test('data is never restored over, and a backup with a tablespace that has no volume here is refused before a byte is written', async () => {
  const two = await fresh.instance('two');
  await writeConfig(two.paths, await configOf(two));
  const target = { type: 'latest' } as const;
  await expect(restore(two.paths, source, { repo: {} as never, stanza: 'orders', target }, two.log, signal())).rejects.toThrow(/no volume: cold/);
  expect(existsSync(two.paths.pgdata)).toBe(false);
  await expect(restore(one.paths, source, { repo: {} as never, stanza: 'orders', target }, one.log, signal())).rejects.toThrow(/not empty/);
}, 60_000);

test('the newest backup that ended before the target is chosen, and what no backup reaches is refused', async () => {
  const [backup] = await backupsOf(source, signal());
  const older = { label: 'older', stoppedAt: 1_000, stopLsn: 10n };
  const both = [older, backup!];
  expect(chooseBackup(both, { type: 'latest' })).toBe(backup);
  expect(chooseBackup(both, { type: 'time', value: '1970-01-01T00:20:00Z' })).toBe(older);
  expect(chooseBackup(both, { type: 'lsn', value: '0/B' })).toBe(older);
  expect(chooseBackup(both, { type: 'latest' }, 'older')).toBe(older);
  expect(() => chooseBackup(both, { type: 'time', value: '1970-01-01T00:10:00Z' })).toThrow(/no backup ends before.*1970-01-01T00:16:40/);
  expect(() => chooseBackup(both, { type: 'latest' }, '20200101-000000F')).toThrow(/has no backup "20200101-000000F"; it has older, /);
});

test('a restored cluster does not archive to where somebody has archived before', async () => {
  await expect(refuseUsedArchive(source, signal())).rejects.toThrow(/not empty/);
  await expect(refuseUsedArchive({ ...source, stanza: 'another' }, signal())).resolves.toBeUndefined();
  await expect(backupsOf({ ...source, stanza: 'another' }, signal())).rejects.toThrow(/no stanza "another"/);
});

test('what a wrong passphrase makes of a repo is told in words', async () => {
  const config = join(one.folder, 'wrong.conf');
  writeFileSync(config, readFileSync(source.config, 'utf8').replace('[global]', '[global]\nrepo1-cipher-type=aes-256-cbc\nrepo1-cipher-pass=wrong'));
  await expect(backupsOf({ ...source, config }, signal())).rejects.toThrow(/is the passphrase right\?/);
});

/** Backups and the stanza that they need, with pgBackRest itself and a server that archives. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { PgBackRest } from '../../../src/agent/backups/pgbackrest.js';
import { BackupRunner } from '../../../src/agent/backups/runner.js';
import { StanzaKeeper } from '../../../src/agent/backups/stanza.js';
import { monotonicClock } from '../../../src/agent/clock.js';
import { ProblemBoard } from '../../../src/agent/problems.js';
import { TestBed, type TestInstance } from '../postgres/support/instance';

const never = new AbortController().signal;
const full = { type: 'full', repo: 1 } as const;

let bed: TestBed;
let one: TestInstance;
let pgBackRest: PgBackRest;
let repo: (number: 1 | 2) => string;

beforeAll(async () => {
  bed = new TestBed();
  one = await bed.instance('one');
  const config = join(one.folder, 'repos.conf');
  repo = (number) => join(one.folder, `repo${number}`);
  // A backup does not wait for its log: the archiver takes its time where a repo has trouble.
  writeFileSync(config, [
    '[global]', `repo1-path=${repo(1)}`, `repo2-path=${repo(2)}`, 'log-level-file=off', `lock-path=${one.folder}/lock`, 'start-fast=y', 'archive-check=n',
    'repo1-retention-full=1', 'repo2-retention-full=1', '[orders]',
    `pg1-path=${one.paths.pgdata}`, `pg1-socket-path=${one.paths.socketDir}`, `pg1-port=${one.paths.port}`, 'pg1-user=postgres', '',
  ].join('\n'));
  pgBackRest = new PgBackRest(config, 'orders');
  await one.initialize();
  await one.server.stop('fast', 20_000);
  await one.configure('primary');
  const file = join(one.paths.confDir, 'postgresql.conf');
  const archiving = `archive_mode = on\narchive_command = 'pgbackrest --config=${config} --stanza=orders archive-push "%p"'\n`;
  writeFileSync(file, `${readFileSync(file, 'utf8')}${archiving}`);
  await one.server.start('primary');
  await one.up();
}, 120_000);
afterAll(() => bed.remove());
beforeEach(() => {
  for (const number of [1, 2] as const) {
    rmSync(repo(number), { recursive: true, force: true });
    mkdirSync(repo(number));
  }
});

/** As they are put together on a repo host; `clock` may run ahead. */
function atWork(clock = monotonicClock): { stanza: StanzaKeeper; runner: BackupRunner; problems: ProblemBoard } {
  const log = pino({ level: 'silent' });
  const events = { tell: () => undefined };
  const problems = new ProblemBoard(log, events);
  const stanza = new StanzaKeeper({ pgBackRest: () => pgBackRest, signal: () => never, clock });
  return { stanza, problems, runner: new BackupRunner({ pgBackRest: () => pgBackRest, stanza, log, events, problems, ended: () => undefined }) };
}

test('a backup that is asked for before its stanza is made says so, waits for it, and is made', async () => {
  const { stanza, runner } = atWork();
  const lines: string[] = [];
  let heard!: () => void;
  const hears = new Promise<void>((resolve) => { heard = resolve; });
  const end = runner.backup(full, never, (line) => {
    lines.push(line);
    heard();
  });
  await hears;
  expect(lines).toEqual(['waiting for the stanza in repo 1 to be made']);
  await stanza.run();
  expect(await end).toEqual({ ok: true });
  expect((await pgBackRest.info()).backups).toMatchObject([{ repo: 1, type: 'full' }]);
}, 120_000);

test('a repo with trouble keeps its own backups waiting, whose end names what is missing and where to look, and nobody else\'s', async () => {
  rmSync(repo(2), { recursive: true });
  mkdirSync(join(repo(2), 'archive'), { recursive: true });
  // A stanza of which one half cannot be made.
  writeFileSync(join(repo(2), 'archive', 'orders'), 'in the way');
  let hurried = 0;
  const { stanza, runner, problems } = atWork({ now: () => monotonicClock.now() + hurried, sleep: async () => { hurried += 60_000; } });
  await expect(stanza.run()).rejects.toThrow(/archive\/orders/);
  expect(await runner.backup(full, never, () => undefined)).toEqual({ ok: true });
  const lines: string[] = [];
  const end = await runner.backup({ type: 'full', repo: 2 }, never, (line) => lines.push(line));
  expect(end).toEqual({ ok: false, message: expect.stringMatching(/^repo 2 has no stanza.* waited 180 s .* could not be: ERROR.*archive\/orders.*problem Stanza in the status/) as string });
  expect(lines).toEqual([expect.stringMatching(/^waiting for the stanza in repo 2 .*archive\/orders/)]);
  expect(problems.current).toMatchObject([{ code: 'BackupFailedRepo2' }]);
});

test('a backup and the making of the stanza keep out of each other\'s way, whichever begins first', async () => {
  const { stanza, runner, problems } = atWork();
  await stanza.run();
  // As after each change of the configuration: what was true of the old one must be seen again.
  stanza.configurationChanged();
  const making = stanza.run();
  const lines: string[] = [];
  expect(await runner.backup(full, never, (line) => lines.push(line))).toEqual({ ok: true });
  await making;
  expect(lines[0]).toBe('waiting for the stanza in repo 1 to be made');

  let begun!: () => void;
  const begins = new Promise<void>((resolve) => { begun = resolve; });
  const backup = runner.backup(full, never, (line) => { if (line.includes('backup command begin')) begun(); });
  await begins;
  stanza.configurationChanged();
  await stanza.run();
  expect(stanza.status().stanza).toBe('pending');
  expect(await backup).toEqual({ ok: true });
  await stanza.run();
  expect(stanza.status().stanza).toBe('created');
  expect(problems.current).toEqual([]);
}, 120_000);

test('a backup that waits for the stanza ends with whoever asked for it', async () => {
  const { runner } = atWork();
  const asked = new AbortController();
  const end = await runner.backup(full, asked.signal, () => asked.abort(new Error('whoever asked for the backup has gone')));
  expect(end).toEqual({ ok: false, message: 'whoever asked for the backup has gone' });
});

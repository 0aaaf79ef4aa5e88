import { pino } from 'pino';
import type { PgBackRest } from '../../../src/agent/backups/pgbackrest.js';
import { BackupRunner } from '../../../src/agent/backups/runner.js';
import { StanzaKeeper } from '../../../src/agent/backups/stanza.js';
import { ProblemBoard } from '../../../src/agent/problems.js';

const log = pino({ level: 'silent' });
const events = { tell: () => undefined };
const full = { type: 'full', repo: 1 } as const;
const never = new AbortController().signal;

function runnerOf(backup: PgBackRest['backup']): { runner: BackupRunner; problems: ProblemBoard } {
  const problems = new ProblemBoard(log, events);
  const stanza: Pick<StanzaKeeper, 'using'> = { using: (_repo, _signal, _tell, work) => work() };
  return { problems, runner: new BackupRunner({ pgBackRest: () => ({ backup } as PgBackRest), stanza, log, events, problems, ended: () => undefined }) };
}

test('a backup that fails is a problem until the repo\'s next one succeeds, or until another instance makes them', async () => {
  let fault = true;
  const { runner, problems } = runnerOf(async () => { if (fault) throw new Error('no room'); });
  expect(await runner.backup(full, never, () => undefined)).toEqual({ ok: false, message: 'no room' });
  expect(problems.current).toEqual([{ code: 'BackupFailedRepo1', message: 'full backup to repo 1 failed: no room' }]);
  runner.forget();
  expect(problems.current).toEqual([]);
  await runner.backup(full, never, () => undefined);
  fault = false;
  await runner.backup(full, never, () => undefined);
  expect(problems.current).toEqual([]);
});

test('a backup that is given up because its leader hands over, or nobody waits for it, is no problem', async () => {
  const given = new AbortController();
  const { runner, problems } = runnerOf(async () => {
    given.abort(new Error('instance 1 leads no longer'));
    throw given.signal.reason as Error;
  });
  expect(await runner.backup(full, given.signal, () => undefined)).toEqual({ ok: false, message: 'instance 1 leads no longer' });
  expect(problems.current).toEqual([]);
});

test('a check that fails is told until one succeeds, and is not repeated at once: each costs a segment of log', async () => {
  const asked: string[] = [];
  let now = 0;
  let fault = true;
  const command = async (name: string) => {
    asked.push(name);
    if (name === 'check' && fault) throw new Error('the archive takes nothing');
    return '';
  };
  const pgBackRest = { command, info: async () => ({ repos: [], backups: [], archives: [] }) } as unknown as PgBackRest;
  const stanza = new StanzaKeeper({ pgBackRest: () => pgBackRest, signal: () => never, clock: { now: () => now, sleep: async () => undefined } });
  const checks = () => asked.filter((name) => name === 'check').length;
  for (; now < 290_000; now += 10_000) await expect(stanza.run()).rejects.toThrow('the archive takes nothing');
  expect(checks()).toBe(1);
  fault = false;
  now = 300_000;
  await stanza.run();
  expect(checks()).toBe(2);
  now = 3_000_000;
  await stanza.run();
  expect(checks()).toBe(2);
});

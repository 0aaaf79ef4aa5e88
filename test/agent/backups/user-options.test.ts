import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { renderConfiguration } from '../../../src/agent/backups/configuration.js';
import { UserOptionsKeeper, userOptions } from '../../../src/agent/backups/user-options.js';
import type { ConfigFile } from '../../../src/agent/kube/config-files.js';
import { ProblemBoard } from '../../../src/agent/problems.js';
import type { BackupsSpec } from '../../../src/contract';

const file = (text: string, name = 'tuning'): ConfigFile => ({ name: `key pgbackrest.conf of ConfigMap ${name}`, secret: false, text });
const read = (...texts: string[]) => userOptions(texts.map((text) => file(text)), 'orders', 2);

test('a later file outranks an earlier one, section by section', () => {
  expect(read('[global]\nprocess-max = 4\ncompress-type=lz4\n', '# mine\r\n[global]\r\nprocess-max=8\r\n[global:archive-push]\ncompress-level=1\n[orders]\nio-timeout=30')).toEqual({
    'global': { 'process-max': '8', 'compress-type': 'lz4' }, 'global:archive-push': { 'compress-level': '1' }, 'orders': { 'io-timeout': '30' },
  });
});

test.each([
  ['process-max=4', 'line 1 of key pgbackrest.conf of ConfigMap tuning stands in no section'],
  ['[other]\nprocess-max=4', 'line 1 of key pgbackrest.conf of ConfigMap tuning begins a section that is none of [global] and [orders]'],
  ['[global:restore]\n', 'begins a section that is none of'],
  ['[global]\nprocess-max', 'line 2 of key pgbackrest.conf of ConfigMap tuning is no option'],
  ['[global]\nprocess-max=0', 'gives process-max a value that it does not take: it takes a whole number from 1 to 999'],
  ['[global]\nstart-fast=yes', 'it takes y, n'],
  ['[global]\nbuffer-size=3MiB', 'it takes 16KiB, 32KiB'],
  ['[global]\nio-timeout=0', 'it takes seconds from 0.1 to 3600'],
  ['[global]\nrepo3-bundle-size=1MiB', 'speaks of repo 3, which the cluster does not have'],
  ['[global]\nrepo1-bundle-size=1KiB', 'it takes a size from 1MiB to 1024GiB'],
  ['[global]\ncompress-type=gz\ncompress-level=19', 'compress-level is out of range for compress-type gz, which takes -1 to 9'],
  ['[global]\ncompress-type=gz\n[global:backup]\ncompress-level=19', 'compress-level is out of range for compress-type gz'],
])('%j is refused by its line', (text, message) => {
  expect(() => read(text)).toThrow(message);
});

test.each([
  'repo1-path', 'repo1-host', 'repo1-cipher-pass', 'repo1-s3-bucket', 'repo1-retention-full', 'repo1-storage-verify-tls', 'pg1-path', 'tls-server-auth', 'spool-path', 'lock-path',
  'archive-async', 'archive-push-queue-max', 'archive-check', 'expire-auto', 'log-level-stderr', 'exclude', 'cmd', 'config',
])('%s is the program\'s to say, because the archive\'s promises rest on it', (option) => {
  expect(() => read(`[global]\n${option}=x`)).toThrow(`line 2 of key pgbackrest.conf of ConfigMap tuning sets ${option}, which is not yours to set here`);
});

const backups: BackupsSpec = { stanza: 'orders', repos: [{ type: 'posix', retention: { fullType: 'count', full: 2 } }], host: 'r', certificateSecret: 's', requestSecret: 'r' };

function rendered(text: string): string {
  return renderConfiguration({ backups, place: { kind: 'repo', instances: ['one'] }, keys: [{}], repoHost: 'r', options: userOptions([file(text)], 'orders', 1) });
}

test('the user\'s options outrank ours by default and leave the rest as it is', () => {
  const text = rendered('[global]\nprocess-max=6\n[global:archive-push]\nprocess-max=3\n[global:backup]\ncompress-level=9');
  expect(text).toContain('\nprocess-max=6\n');
  expect(text).not.toContain('process-max=2');
  expect(text).toContain('\n[global:archive-push]\narchive-timeout=15\nprocess-max=3\n');
  expect(text).toContain('\n[global:backup]\ncompress-level=9\n');
  expect(text).toContain('\nrepo1-retention-full=2\n');
  expect(rendered('# nothing\n[global]\n')).toBe(rendered(''));
});

test('pgBackRest itself takes every option that may be set', () => {
  const directory = mkdtempSync(join(tmpdir(), 'pgbackrest-'));
  try {
    const config = join(directory, 'pgbackrest.conf');
    const options = [
      'archive-timeout=30', 'backup-standby=y', 'buffer-size=1MiB', 'checksum-page=y', 'compress-level=3', 'compress-type=zst', 'io-timeout=30.5', 'process-max=4', 'resume=n', 'start-fast=n',
      'repo1-bundle-limit=1MiB', 'repo1-bundle-size=10MiB',
    ];
    expect(() => userOptions([file(`[global]\n${options.join('\n')}`)], 'orders', 1)).not.toThrow();
    writeFileSync(config, `[global]\nrepo1-path=${directory}/repo\nrepo1-bundle=y\nrepo1-retention-full=1\n${options.join('\n')}\n[orders]\npg1-path=${directory}/data\n`);
    // It goes on to look for the data, which is not there: its options are all right then.
    const run = () => execFileSync('pgbackrest', [`--config=${config}`, '--stanza=orders', '--log-level-file=off', '--log-level-console=info', '--no-online', 'backup'], { encoding: 'utf8', stdio: 'pipe' });
    expect(run).toThrow(/unable to open missing file|backup.info/);
    const said = String((() => { try { run(); return ''; } catch (error) { return (error as { stdout: string }).stdout; } })());
    for (const option of options) expect(said).toContain(`--${option.split('=')[0]}`.replace('--resume', '--no-resume').replace('--start-fast', '--no-start-fast').replace(/--(backup-standby|checksum-page)$/, '--$1'));
    expect(said).not.toMatch(/invalid option|invalid for section/);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('a file that is missing or wrong leaves what was good in force, and says so until it is right', async () => {
  let answer: readonly ConfigFile[] | Error = [file('[global]\nprocess-max=6')];
  const problems = new ProblemBoard(pino({ level: 'silent' }), { tell: () => undefined });
  const keeper = new UserOptionsKeeper({ read: async () => { if (answer instanceof Error) throw answer; return answer; } }, problems);
  const good = { global: { 'process-max': '6' } };
  expect(await keeper.read(backups)).toEqual(good);
  answer = new Error('ConfigMap tuning is not there');
  expect(await keeper.read(backups)).toEqual(good);
  expect(problems.current).toEqual([{ code: 'BackupSettings', message: 'the last good settings of pgBackRest stay in force: ConfigMap tuning is not there' }]);
  answer = [file('[global]\nprocess-max=x')];
  expect(await keeper.read(backups)).toEqual(good);
  answer = [];
  expect(await keeper.read(backups)).toEqual({});
  expect(problems.current).toEqual([]);
});

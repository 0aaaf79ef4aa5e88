/** The same files are read by us and by PostgreSQL itself, because a difference would be a setting that nobody has checked. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfFile } from '../../../src/agent/settings/conf-file.js';

const values = (text: string) => parseConfFile(text).settings.map(({ name, value }) => [name, value]);
const faults = (text: string) => parseConfFile(text).faults.map(({ line }) => line);

const FILES: readonly (readonly [string, string])[] = [
  ['work_mem = 7MB', '7168'],
  ['work_mem 7MB', '7168'],
  ['WORK_MEM=7MB # a comment', '7168'],
  ["  work_mem\t=\t'7MB'\r\n", '7168'],
  ["# first\r\n\r\nwork_mem = 1MB\nwork_mem = '7MB'", '7168'],
  ['application_name = \'it\'\'s \\\'fine\\\' # here\' # there', "it's 'fine' # here"],
  ['application_name = \'a\\\\b\\101\'', 'a\\bA'],
  ['application_name = under_score-and.dot/slash:colon', 'under_score-and.dot/slash:colon'],
  ['my_app.setting = on', 'on'],
  ['cursor_tuple_fraction = .5e0', '0.5'],
  ['bgwriter_lru_maxpages = 0x10', '16'],
];

const root = '/usr/lib/postgresql';
const postgres = existsSync(root) ? join(root, readdirSync(root).sort().at(-1)!, 'bin/postgres') : 'postgres';

/** What PostgreSQL makes of it; null when it refuses the file. */
function byPostgres(text: string, name: string): string | null {
  const directory = mkdtempSync(join(tmpdir(), 'conf-'));
  try {
    const file = join(directory, 'postgresql.conf');
    writeFileSync(file, text);
    return execFileSync(postgres, ['-D', directory, '-c', `config_file=${file}`, '-C', name], { encoding: 'utf8', stdio: 'pipe' }).trimEnd();
  } catch {
    return null;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test.each(FILES)('%j says the same to PostgreSQL and to us', (text, expected) => {
  const [name, value] = values(text).at(-1)!;
  expect(byPostgres(text, name!)).toBe(expected);
  expect(byPostgres(`${name} = '${value!.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`, name!)).toBe(expected);
});

test.each(['work_mem', 'work_mem =', 'work_mem = 7 MB', "work_mem = '7MB", 'work_mem = 7MB oops', '[global]', 'a.b.c = 1', '= 7MB', "work_mem = '7\nMB'", 'work_mem = $7'])(
  '%j is refused by PostgreSQL and by us', (text) => {
    expect(byPostgres(text, 'work_mem')).toBeNull();
    expect(faults(text).length).toBeGreaterThan(0);
  });

test('a fault is told by its line, and what stands there is not repeated', () => {
  const { settings, faults: found } = parseConfFile("work_mem = 7MB\n\nssl_passphrase_command = 'echo hunter2\nmax_connections = 50\n");
  expect(settings.map(({ name, line }) => [name, line])).toEqual([['work_mem', 1], ['max_connections', 4]]);
  expect(found.map(({ line }) => line)).toEqual([3]);
  expect(JSON.stringify(found)).not.toContain('hunter2');
});

test('another file is not included, and a value has one line', () => {
  expect(faults("include = 'other.conf'\ninclude_dir 'conf.d'\nINCLUDE_IF_EXISTS = 'x'\napplication_name = 'a\\nb'")).toEqual([1, 2, 3, 4]);
});

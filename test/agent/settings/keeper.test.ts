/** The user's settings on their way to a real PostgreSQL: what is taken over, what is refused, and what stays in force meanwhile. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConfigFile } from '../../../src/agent/kube/config-files.js';
import { renderConfig } from '../../../src/agent/postgres/config.js';
import { UserSettings } from '../../../src/agent/settings/keeper.js';
import { settingsOfFiles } from '../../../src/agent/settings/user-settings.js';
import { MANAGED_PARAMETERS } from '../../../src/contract';
import { major, TestBed, type TestInstance } from '../postgres/support/instance';

let bed: TestBed;
let one: TestInstance;
let program: Record<string, string>;
let files: readonly ConfigFile[] | Error;
let changes: number;
let version: string;

beforeAll(async () => {
  bed = new TestBed();
  one = await bed.instance('one');
  await one.initialize();
  version = await major(one.paths);
});
afterAll(() => bed.remove());

const map = (text: string, name = 'tuning'): ConfigFile => ({ name: `key custom.conf of ConfigMap ${name}`, secret: false, text });
const secret = (text: string): ConfigFile => ({ name: 'key secret.conf of Secret hidden', secret: true, text });

function render(parameters: Readonly<Record<string, string>>): string {
  return renderConfig(one.paths, {
    major: version, instance: 'one', osUser: 'postgres', parameters, role: 'primary', upstream: null, readOnly: false, standbyFloor: {}, stanza: null, hba: { tls: 'require', rules: [] },
  }).text;
}

let folders = 0;
function keeper(stateDir = join(one.folder, `state-${++folders}`)): UserSettings {
  return new UserSettings({
    files: { read: async () => { if (files instanceof Error) throw files; return files; } },
    spec: () => ({ parameters: program }), paths: { ...one.paths, stateDir }, render, changed: () => { changes += 1; }, log: one.log,
  });
}

const why = (settings: UserSettings) => settings.run().then(() => null, (error: Error) => error.message);

beforeEach(() => {
  program = {};
  files = [];
  changes = 0;
});

test('a later file outranks an earlier one, and the program all of them, whatever the capitals', async () => {
  files = [map('work_mem = 1MB\nmax_connections = 40\nstatement_timeout = 1s'), map('WORK_MEM = 2MB\nmax_connections = 50', 'more')];
  program = { Max_Connections: '60' };
  const settings = keeper();
  expect(await why(settings)).toBeNull();
  expect(settings.current).toEqual({ work_mem: '2MB', max_connections: '60', statement_timeout: '1s' });
  expect(changes).toBe(1);
  expect(await why(settings)).toBeNull();
  expect(changes).toBe(1);
});

test.each([
  ['work_mem = banana', /line 1 of key custom.conf of ConfigMap tuning: invalid value for parameter "work_mem": "banana"/],
  ['\nmax_connections = 0', /line 2 of key custom.conf of ConfigMap tuning: 0 is outside the valid range for parameter "max_connections"/],
  ['wal_compression = maybe', /invalid value for parameter "wal_compression": "maybe" \(Available values: /],
  ['shared_bufers = 1GB', /line 1 of .*: unrecognized configuration parameter "shared_bufers"/],
  ['no setting at all', /line 1 of key custom.conf of ConfigMap tuning is no setting/],
  ['port = 5433', /line 1 of key custom.conf of ConfigMap tuning: port is not yours to set: Services and agents expect 5432/],
  ['wal_level = Minimal', /wal_level is minimal, from which no replica can be fed/],
  ["shared_preload_libraries = 'nowhere'", /line 1 .*: shared_preload_libraries names the library "nowhere" that the image does not have/],
  ["session_preload_libraries = '$libdir/nowhere'", /session_preload_libraries names the library/],
])('of a file that says %j nothing is taken over; the last good settings stay in force until it is put right', async (text, message) => {
  const settings = keeper();
  files = [map('work_mem = 7MB')];
  expect(await why(settings)).toBeNull();
  files = [map(text), map('statement_timeout = 9s')];
  expect(await why(settings)).toMatch(message);
  expect(await why(settings)).toMatch(message);
  expect(settings.current).toEqual({ work_mem: '7MB' });
  files = [map('work_mem = 8MB')];
  expect(await why(settings)).toBeNull();
  expect(settings.current).toEqual({ work_mem: '8MB' });
});

test.each(Object.keys(MANAGED_PARAMETERS))('%s is refused in a file', (name) => {
  expect(() => settingsOfFiles([map(`${name} = 'x'`)])).toThrow(`line 1 of key custom.conf of ConfigMap tuning: ${name} is not yours to set`);
});

test('what the agent sets itself is named among what nobody else may set', () => {
  const managed = [...render({}).matchAll(/^(\w+) = /gm)].map(([, name]) => name!);
  const overridden = managed.filter((name) => !render({ [name]: 'mine' }).includes(`${name} = 'mine'`));
  expect(overridden.filter((name) => !(name in MANAGED_PARAMETERS))).toEqual([]);
  expect(overridden).toContain('primary_conninfo');
});

test('what a Secret says is not repeated', async () => {
  files = [secret("work_mem = 'hunter2'"), secret('wal_compression = hunter3\nDateStyle = hunter4\nhunter5')];
  expect(await why(keeper())).not.toMatch(/hunter/);
  files = [secret("work_mem = 'hunter2'\nwal_compression = hunter3\nDateStyle = hunter4")];
  const message = await why(keeper());
  expect(message).toContain('line 1 of key secret.conf of Secret hidden: invalid value for parameter "work_mem": "..."');
  expect(message).not.toMatch(/hunter/);
});

test('a file that is missing keeps neither the program\'s changes back nor what the file last said from counting', async () => {
  const settings = keeper();
  files = [map('work_mem = 7MB')];
  await settings.run();
  files = new Error('ConfigMap tuning is not there');
  program = { max_connections: '50' };
  expect(await why(settings)).toBe('the last good settings stay in force: ConfigMap tuning is not there');
  expect(settings.current).toEqual({ work_mem: '7MB', max_connections: '50' });
});

test('a fault in the program keeps no file back, and no fault in a file the program', async () => {
  const settings = keeper();
  files = [map('work_mem = 7MB')];
  program = { max_connections: 'many' };
  expect(await why(settings)).toMatch(/"parameters" of the program: invalid value for parameter "max_connections"/);
  expect(settings.current).toEqual({ work_mem: '7MB' });
  files = [map('work_mem = much')];
  program = { max_connections: '50' };
  expect(await why(settings)).toMatch(/line 1 of .* "work_mem"/);
  expect(settings.current).toEqual({ work_mem: '7MB', max_connections: '50' });
});

test('the last good settings outlive the pod', async () => {
  const state = join(one.folder, 'outlives');
  files = [map('work_mem = 7MB')];
  await keeper(state).run();
  await sleep(100);
  expect(readFileSync(join(state, 'settings.json'), 'utf8')).toContain('7MB');
  files = new Error('ConfigMap tuning is not there');
  const next = keeper(state);
  expect(await why(next)).toContain('is not there');
  expect(next.known).toBe(true);
  expect(next.current).toEqual({ work_mem: '7MB' });
});

test('where PostgreSQL does not start with the newest settings it gets those with which it has started, until there are others', async () => {
  const settings = keeper();
  files = [map('work_mem = 7MB')];
  await settings.run();
  settings.proved(settings.current);
  // Each is right by itself, and PostgreSQL finds out only when it starts.
  files = [map('max_connections = 10\nsuperuser_reserved_connections = 20')];
  expect(await why(settings)).toBeNull();
  const newest = settings.current;
  expect(newest).toEqual({ max_connections: '10', superuser_reserved_connections: '20' });
  settings.failed(newest, 'reserved_connections must be less than max_connections');
  expect(settings.current).toEqual({ work_mem: '7MB' });
  expect(await why(settings)).toMatch(/PostgreSQL does not start with the newest ones: reserved_connections must be less/);
  files = [map('max_connections = 30\nsuperuser_reserved_connections = 20')];
  expect(await why(settings)).toBeNull();
  expect(settings.current).toEqual({ max_connections: '30', superuser_reserved_connections: '20' });
});

test('a server that fails for other reasons, with settings that it has had before, keeps them', async () => {
  const settings = keeper();
  files = [map('work_mem = 7MB')];
  await settings.run();
  settings.proved(settings.current);
  settings.failed(settings.current, 'could not bind');
  expect(settings.current).toEqual({ work_mem: '7MB' });
  expect(await why(settings)).toBeNull();
});

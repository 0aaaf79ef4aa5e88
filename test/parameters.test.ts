import { PostgresVersion } from '../src/index';
import { program, render } from './synth/render';

test('settings reach the agents as PostgreSQL spells them, in one order whatever the program\'s', () => {
  const one = render({ parameters: { work_mem: '64MB', DateStyle: 'ISO, DMY' } });
  const other = render({ parameters: { DateStyle: 'ISO, DMY', work_mem: '64MB' } });
  expect(one.spec().parameters).toEqual({ DateStyle: 'ISO, DMY', work_mem: '64MB' });
  expect(one.all).toEqual(other.all);
});

test('settings of extensions are taken by their dot', () => {
  expect(() => program({ parameters: { 'auto_explain.log_min_duration': '500ms', 'pg_stat_statements.max': '10000' } })).not.toThrow();
});

test.each([
  ['shared_bufers', 'is no setting of PostgreSQL 17; look for a slip of the pen'],
  ['', 'is no setting of PostgreSQL 17'],
  ['server_version', 'can only be read'],
  ['primary_conninfo', 'is not yours to set: the agent sets it as roles move; leave it out'],
  ['archive_command', 'is not yours to set: backups are configured as backups'],
  ['Synchronous_Standby_Names', 'is not yours to set: it follows from "replication"'],
  ['fsync', 'is not yours to set: without it a crash destroys the data'],
  ['hba_file', 'is not yours to set'],
])('the setting %j is refused', (name, message) => {
  expect(() => program({ parameters: { [name]: 'x' } })).toThrow(`"parameters.${name}" ${message}`);
});

test.each([
  [{ wal_level: 'minimal' }, '"parameters.wal_level" is "minimal", from which no replica can be fed; use "replica" or "logical"'],
  [{ work_mem: '1MB\nfsync = off' }, '"parameters.work_mem" has more than one line'],
  [{ work_mem: '1MB', Work_Mem: '2MB' }, '"parameters.Work_Mem" is also given as "work_mem"'],
])('%j is refused', (parameters, message) => {
  expect(() => program({ parameters: parameters as unknown as { [name: string]: string } })).toThrow(message);
});

test('for a version whose settings are not listed, the server itself says no', () => {
  const version = PostgresVersion.of('18');
  expect(() => program({ version, parameters: { io_method: 'worker' } })).not.toThrow();
  expect(() => program({ version, parameters: { 'not a name': 'x' } })).toThrow('is no setting of PostgreSQL 18');
  expect(() => program({ version, parameters: { fsync: 'off' } })).toThrow('is not yours to set');
});

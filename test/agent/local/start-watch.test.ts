import { StartWatch } from '../../../src/agent/local/start-watch.js';

const GIVEN = { shared_buffers: '1TB' };

function watch(): { readonly start: StartWatch; readonly told: unknown[][] } {
  const told: unknown[][] = [];
  const start = new StartWatch({
    startedWith: (parameters) => told.push(['started', parameters]),
    notStartedWith: (parameters, why) => told.push(['not started', parameters, why]),
  });
  return { start, told };
}

test('a PostgreSQL that ends before it begins to start blames what it was given, in its own words', () => {
  const { start, told } = watch();
  start.starts(GIVEN);
  start.logs('2026-01-01 00:00:00.000 UTC [7] FATAL:  could not map anonymous shared memory: Cannot allocate memory');
  start.ended({ kind: 'exited', code: 1 });
  expect(told).toEqual([['not started', GIVEN, 'could not map anonymous shared memory: Cannot allocate memory']]);
});

test('what it says before it has a log counts too', () => {
  const { start, told } = watch();
  start.starts(GIVEN);
  start.logs('postgres: could not access the server configuration file');
  start.ended({ kind: 'exited', code: 1 });
  expect(told).toEqual([['not started', GIVEN, 'could not access the server configuration file']]);
});

test('one that had begun to start, was killed, or was ended on purpose blames nothing', () => {
  const { start, told } = watch();
  start.starts(GIVEN);
  start.logs('2026-01-01 00:00:00.000 UTC [7] LOG:  starting PostgreSQL 17.6');
  start.logs('2026-01-01 00:00:00.000 UTC [7] FATAL:  recovery ended before configured recovery target was reached');
  start.ended({ kind: 'exited', code: 1 });
  start.starts(GIVEN);
  start.ended({ kind: 'killed', signal: 'SIGKILL' });
  start.starts(GIVEN);
  start.givenUp();
  start.ended({ kind: 'exited', code: 1 });
  expect(told).toEqual([]);
});

test('one that answers has started, which is told once; its end is then not the start\'s', () => {
  const { start, told } = watch();
  start.starts(GIVEN);
  start.answers();
  start.answers();
  start.ended({ kind: 'exited', code: 1 });
  expect(told).toEqual([['started', GIVEN]]);
});

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Console } from '../../../src/agent/pooler/console.js';

/** A real pgBouncer; the server behind it is not there. */
let pgBouncer: ChildProcess;
let directory: string;
let bouncer: Console;

beforeAll(async () => {
  directory = mkdtempSync(join(process.env.CDK8S_POSTGRES_TEST_DIR ?? tmpdir(), 'console-'));
  const ini = join(directory, 'pgbouncer.ini');
  writeFileSync(ini, `[databases]\n* = host=127.0.0.1 port=1\n[pgbouncer]\nlisten_addr =\nlisten_port = 5432\nunix_socket_dir = ${directory}\nauth_type = any\n`);
  pgBouncer = spawn('/usr/sbin/pgbouncer', [ini], { stdio: 'ignore' });
  for (let look = 0; look < 100 && !existsSync(join(directory, '.s.PGSQL.5432')); look++) await sleep(50);
  bouncer = new Console(directory);
});
afterAll(async () => {
  bouncer.close();
  pgBouncer.kill();
  await once(pgBouncer, 'exit');
});

test('a pgBouncer that holds nobody back is told to go on without a fault, or it could never be pointed to another primary', async () => {
  await bouncer.resume();
  await bouncer.pause();
  await bouncer.resume();
  await bouncer.resume();
});

test('one that holds clients back already is told so again without a fault', async () => {
  await bouncer.pause();
  await bouncer.pause();
  await bouncer.resume();
});

test('a pause that could not be told is an error: who believes in it would wait for nothing', async () => {
  await expect(new Console(join(directory, 'nowhere')).pause()).rejects.toThrow(/ENOENT/);
  await expect(bouncer.ask('PAUZE')).rejects.toThrow();
});

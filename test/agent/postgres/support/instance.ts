/** One PostgreSQL with its own directories and port, handled by the modules under test as the agent does. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { pino, type Logger } from 'pino';
import { makeCertificates } from './certificates';
import { ensureSystemRoles } from '../../../../src/agent/postgres/bootstrap-sql.js';
import { baseBackup, clone } from '../../../../src/agent/postgres/clone.js';
import { writeConfig } from '../../../../src/agent/postgres/config.js';
import { installedMajor, readControlData } from '../../../../src/agent/postgres/controldata.js';
import type { ClientAccess } from '../../../../src/agent/postgres/hba.js';
import { initdb } from '../../../../src/agent/postgres/initdb.js';
import { withLocal } from '../../../../src/agent/postgres/local.js';
import { LocalProbe } from '../../../../src/agent/postgres/probe.js';
import { PostgresServer } from '../../../../src/agent/postgres/server.js';
import { reconcileSlots, slotName } from '../../../../src/agent/postgres/slots.js';
import type { PostgresPaths, ProbeUp, Role, Upstream } from '../../../../src/agent/postgres/types.js';

/** From prepare.cjs. */
const SCRATCH = process.env.CDK8S_POSTGRES_TEST_DIR!;

export interface Options {
  readonly walVolume?: boolean;
  readonly tablespaces?: readonly string[];
  readonly parameters?: Readonly<Record<string, string>>;
}

export class TestInstance {
  readonly log: Logger;
  readonly lines: string[] = [];
  readonly server: PostgresServer;
  readonly probe: LocalProbe;
  upstream: Upstream | null = null;
  hba: ClientAccess = { tls: 'require', rules: [] };
  parameters: Readonly<Record<string, string>>;

  constructor(readonly name: string, readonly folder: string, readonly paths: PostgresPaths, options: Options) {
    this.parameters = { shared_buffers: '16MB', ...options.parameters };
    this.log = pino({ level: process.env.TEST_LOG ?? 'silent' }, pino.destination(2)).child({ instance: name });
    this.server = new PostgresServer(paths, this.log);
    this.server.onLine((line) => this.lines.push(line));
    this.probe = new LocalProbe(paths);
  }

  get address(): Upstream {
    return { host: `${this.name}.test`, hostaddr: '127.0.0.1', port: this.paths.port };
  }

  async configure(role: Role): Promise<{ changed: boolean; ignored: string[] }> {
    const floor = role === 'standby' ? (await readControlData(this.paths)).standbyFloor : {};
    return writeConfig(this.paths, {
      major: await major(this.paths), instance: this.name, role, upstream: this.upstream, standbyFloor: floor, readOnly: false,
      parameters: this.parameters, osUser: userInfo().username, stanza: null, hba: this.hba,
    });
  }

  async start(role: Role): Promise<void> {
    await this.configure(role);
    await this.server.start(role);
    await this.up();
  }

  async initialize(): Promise<{ systemId: string; incarnation: string }> {
    const made = await initdb(this.paths, this.log, AbortSignal.timeout(60_000));
    await this.start('primary');
    await ensureSystemRoles(this.paths);
    return made;
  }

  /** Points it at `primary`, in its configuration and on the server where it runs. */
  async follow(primary: TestInstance): Promise<void> {
    this.upstream = primary.address;
    await this.configure('standby');
    this.server.reload();
  }

  /** Makes it a streaming standby of `primary`. */
  async cloneFrom(primary: TestInstance): Promise<void> {
    const { systemId } = await primary.up();
    await reconcileSlots(primary.paths, 'primary', [{ instance: this.name, lsn: null }]);
    const source = { upstream: primary.address, slot: slotName(this.name), systemId, applicationName: this.name };
    await clone(this.paths, source, [baseBackup], this.log, AbortSignal.timeout(60_000));
    this.upstream = primary.address;
    await this.start('standby');
    await this.until((seen) => seen.walReceiver?.status === 'streaming');
  }

  async sql(text: string, values: unknown[] = [], database = 'postgres'): Promise<Record<string, unknown>[]> {
    return withLocal(this.paths, database, async (client: pg.Client) => (await client.query(text, values)).rows as Record<string, unknown>[]);
  }

  async up(): Promise<ProbeUp> {
    return this.until(() => true);
  }

  async until(expected: (seen: ProbeUp) => boolean, patience = 20_000): Promise<ProbeUp> {
    let seen = await this.probe.probe();
    for (const start = Date.now(); seen.kind !== 'up' || !expected(seen); seen = await this.probe.probe()) {
      if (Date.now() - start > patience) {
        throw new Error(`${this.name} did not get there; last seen ${show(seen)}; it logged:\n${this.lines.slice(-20).join('\n')}`);
      }
      await sleep(10);
    }
    return seen;
  }

  async remove(): Promise<void> {
    this.probe.close();
    await this.server.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function show(value: unknown): string {
  return JSON.stringify(value, (_, field: unknown) => (typeof field === 'bigint' ? field.toString(16) : field));
}

let knownMajor: string | undefined;
export async function major(paths: PostgresPaths): Promise<string> {
  return knownMajor ??= await installedMajor(paths);
}

/** Instances `one`, `two`, ... of one test file, which share a certificate authority. */
export class TestBed {
  private readonly folder = mkdtempSync(join(SCRATCH, 'b-'));
  private readonly instances: TestInstance[] = [];
  readonly certificatesDir = makeCertificates(join(this.folder, 'certificates'));

  async instance(name: 'one' | 'two' | 'three', options: Options = {}): Promise<TestInstance> {
    const folder = join(this.folder, name);
    const within = (...parts: string[]) => join(folder, ...parts);
    mkdirSync(within('run'), { recursive: true, mode: 0o700 });
    mkdirSync(within('wal-volume'));
    const tablespaces = Object.fromEntries((options.tablespaces ?? []).map((tablespace) => [tablespace, within('tablespaces', tablespace, 'data')]));
    for (const directory of Object.values(tablespaces)) mkdirSync(directory, { recursive: true, mode: 0o700 });
    const paths: PostgresPaths = {
      pgdata: within('data'),
      confDir: within('conf'),
      stateDir: within('agent'),
      handoverDir: within('handover'),
      certificatesDir: this.certificatesDir,
      socketDir: within('run'),
      lockFile: within('postgres.lock'),
      ...(options.walVolume ? { walDir: within('wal-volume', 'wal') } : {}),
      tablespaces,
      pgBackRest: { config: within('pgbackrest.conf'), gate: within('archive-gate'), fetch: within('fetch-wanted') },
      guard: process.env.CDK8S_POSTGRES_TEST_GUARD!,
      ...binDirOption(),
      port: await freePort(),
    };
    const instance = new TestInstance(name, folder, paths, options);
    this.instances.push(instance);
    return instance;
  }

  async remove(): Promise<void> {
    for (const instance of this.instances) await instance.remove();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Debian keeps the server's programs off PATH; the newest that is installed is tested. */
function binDirOption(): { binDir?: string } {
  const root = '/usr/lib/postgresql';
  const newest = existsSync(root) ? readdirSync(root).map(Number).sort((a, b) => b - a)[0] : undefined;
  return newest === undefined ? {} : { binDir: join(root, String(newest), 'bin') };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

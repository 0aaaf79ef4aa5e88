/** The repo host of the cluster under test, and the backups that it makes. */
import { Size } from 'cdk8s';
import { NAMES, type Cluster } from './cluster';
import type { Pod } from './pods';
import { CLUSTER, type Program } from './program';
import { eventually, yes } from './wait';
import { BackupSchedule, PgBackRestRepo, type BackupOptions } from '../../../src';
import { CLUSTER_LABEL, PGBACKREST_CONFIG } from '../../../src/contract';

/** Never by themselves within a test: it is asked for them. */
export const NEVER = '0 0 29 2 *';

export const BACKUPS: BackupOptions = {
  repos: [PgBackRestRepo.posix({ storage: { size: Size.gibibytes(2) } })],
  schedules: [BackupSchedule.full(NEVER), BackupSchedule.differential(NEVER), BackupSchedule.incremental(NEVER)],
};

export const WITH_BACKUPS: Program = { props: { backups: BACKUPS } };

interface Backup {
  readonly label: string;
  readonly type: string;
  readonly database: { readonly 'repo-key': number };
}

export class Repo {
  private constructor(private readonly cluster: Cluster) {}

  /** With the stanza there: from now on log is archived. */
  static async of(cluster: Cluster, withinMs = 180_000): Promise<Repo> {
    const repo = new Repo(cluster);
    await eventually('the stanza', { withinMs, everyMs: 1_000 }, async () => yes((await repo.pgBackRest('--output=json', 'info')).includes('"archive"') && (await repo.archived()).length > 0));
    return repo;
  }

  /** pgBackRest itself, on the repo host. */
  async pgBackRest(...args: string[]): Promise<string> {
    return this.cluster.kubectl.run(
      ['exec', `${NAMES.repoHost}-0`, '--container=repo', '--', 'pgbackrest', `--config=${PGBACKREST_CONFIG}`, `--stanza=${CLUSTER}`, ...args], { timeoutMs: 120_000 },
    );
  }

  async backups(): Promise<readonly Backup[]> {
    const [stanza] = JSON.parse(await this.pgBackRest('--output=json', 'info')) as { backup: Backup[] }[];
    return stanza.backup;
  }

  /** Every segment of write-ahead log in the archive, by name. */
  async archived(): Promise<readonly string[]> {
    const list = JSON.parse(await this.pgBackRest('--output=json', '--recurse', 'repo-ls', `archive/${CLUSTER}`)) as Record<string, { type: string }>;
    return Object.keys(list).flatMap((path) => /\/([0-9A-F]{24})-[0-9a-f]{40}/.exec(path)?.[1] ?? []).sort();
  }

  backup(schedule: 'full' | 'differential' | 'incremental'): Promise<string> {
    return backUp(this.cluster, schedule);
  }

  async down(): Promise<void> {
    await this.#scale(0);
    await eventually('the repo host to be gone', { withinMs: 120_000 }, async () => yes(
      await this.cluster.kubectl.run(['get', 'pods', '-l', `${CLUSTER_LABEL}=${CLUSTER}`, '--field-selector', `metadata.name=${NAMES.repoHost}-0`, '-o', 'name']) === ''));
  }

  async up(): Promise<void> {
    await this.#scale(1);
    await this.cluster.kubectl.run(['rollout', 'status', `statefulset/${NAMES.repoHost}`, '--timeout=180s'], { timeoutMs: 190_000 });
  }

  async #scale(replicas: number): Promise<void> {
    await this.cluster.kubectl.run(['scale', `statefulset/${NAMES.repoHost}`, `--replicas=${replicas}`]);
  }
}

/** Runs the Job of a schedule now; resolves to its log. */
export async function backUp({ kubectl }: Cluster, schedule: 'full' | 'differential' | 'incremental', repo = 1): Promise<string> {
  const name = `${schedule}-${repo}-now`;
  await kubectl.run(['create', 'job', name, `--from=cronjob/${NAMES.backupCronJob(repo, schedule)}`]);
  const { code } = await kubectl.outcome(['wait', '--for=condition=Complete', `job/${name}`, '--timeout=300s'], { timeoutMs: 310_000 });
  const log = await kubectl.run(['logs', `job/${name}`]);
  if (code !== 0) throw new Error(`the ${schedule} backup did not complete: ${log}`);
  return log;
}

export interface Archiver {
  readonly lastArchived: string | null;
  readonly waiting: number;
  readonly failing: boolean;
}

/** What the primary's agent says of its archiver; null while it says nothing. */
export async function archiverOf(cluster: Cluster, primary: Pod): Promise<Archiver | null> {
  return (await cluster.status(primary)).backups?.archiver ?? null;
}

/** So many looks after one another a sleeping archiver is left alone. */
const LOOKS = 20;

/** Waits until everything written until now, on older timelines too, is in the archive. */
export async function archived(cluster: Cluster, primary: Pod): Promise<void> {
  const next = () => cluster.psql(primary, "SELECT pg_create_restore_point('archived'), pg_walfile_name(pg_switch_wal())");
  const segment = (await next()).split('|')[1];
  let looks = 0;
  await eventually(`${segment} in the archive`, { withinMs: 120_000 }, async () => {
    // One that has failed three times sleeps for a minute, or until there is another segment.
    if (++looks % LOOKS === 0) await next();
    return yes(await cluster.psql(primary, `SELECT count(*) FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready' AND name COLLATE "C" <= '${segment}.ready'`) === '0');
  });
}

/** The names between the first and the last of one timeline that are missing. */
export function holesIn(segments: readonly string[]): readonly string[] {
  const byTimeline = new Map<string, number[]>();
  for (const name of segments) {
    const number = Number.parseInt(name.slice(8, 16), 16) * 256 + Number.parseInt(name.slice(16), 16);
    byTimeline.set(name.slice(0, 8), [...byTimeline.get(name.slice(0, 8)) ?? [], number]);
  }
  return [...byTimeline].flatMap(([timeline, numbers]) => {
    const there = new Set(numbers);
    const range = Array.from({ length: Math.max(...numbers) - Math.min(...numbers) + 1 }, (_, index) => Math.min(...numbers) + index);
    return range.filter((number) => !there.has(number)).map((number) => `${timeline}/${number.toString(16)}`);
  });
}

import { Duration } from 'cdk8s';
import { ContainerResources } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { BackupCronJob } from './cron-job';
import type { PgBackRestRepo } from './repo';
import { RepoHost } from './repo-host';
import { BackupSchedule } from './schedule';
import type { IPostgresCluster } from '../cluster-reference';
import { ConfigSource, configFiles, configObjects } from '../config-source';
import type { BackupsSpec } from '../contract';
import { emptySecret } from '../empty-secret';
import { clusterLabels } from '../labels';
import { ClusterNames } from '../naming';
import { duplicates, quoted, refuse } from '../validation';

/** What is backed up where, and when. */
export interface BackupOptions {
  /**
   * Where backups and archived write-ahead log go: one to four repos, each with all of the log. With any on a volume there is a repo host,
   * which makes all backups; otherwise the leader makes them. Their order is for life, because claims, mounts, CronJobs and schedules go by
   * their numbers: add new ones at the end only.
   */
  readonly repos: PgBackRestRepo[];

  /**
   * When backups are made. Where there are any, each repo needs a full one: what is archived expires with the full backups that need it.
   *
   * @default - never by itself: log is archived, but without a backup nothing can be restored
   */
  readonly schedules?: BackupSchedule[];

  /**
   * Files of pgbackrest.conf that somebody else keeps in ConfigMaps and Secrets of the namespace: how hard pgBackRest works, how it packs, how long
   * it waits. A later file outranks an earlier one. Everything else, where the repos are among it, is said by this program's props and refused
   * there: the last good settings stay in force.
   *
   * @example [ConfigSource.configMap('tuning', { key: 'pgbackrest.conf' })]
   * @default - none
   */
  readonly configuration?: ConfigSource[];

  /**
   * CPU and memory of the repo host's containers, of pgBackRest's server in each instance, and of the schedules' Jobs, which only ask and wait.
   *
   * @default - none
   */
  readonly resources?: ContainerResources;
}

/** Properties of `ClusterBackups`. */
export interface ClusterBackupsProps extends BackupOptions {
  /** The cluster that is backed up. */
  readonly cluster: IPostgresCluster;

  /** Names of the cluster's instances. */
  readonly instances: string[];

  /** The image of PostgreSQL, which has pgBackRest too. */
  readonly postgresImage: string;

  /** The agent's image. */
  readonly agentImage: string;

  /** User and group id. */
  readonly uid: number;

  /**
   * Labels of the objects and pods.
   *
   * @default - only the library's own
   */
  readonly labels?: { [key: string]: string };

  /**
   * Annotations of the objects and pods.
   *
   * @default - only the library's own
   */
  readonly annotations?: { [key: string]: string };
}

/**
 * Backups and continuous archiving by pgBackRest: the repo host if there is one, the schedules, and the certificates.
 */
export class ClusterBackups extends Construct {
  /** The repo host, where any repo lies on a volume. */
  public readonly repoHost?: RepoHost;

  private readonly spec: BackupsSpec;
  private readonly secrets: string[];
  private readonly configuration: readonly ConfigSource[];
  private readonly schedules: readonly BackupSchedule[];

  constructor(scope: Construct, id: string, props: ClusterBackupsProps) {
    super(scope, id);
    const { repos, schedules = [] } = props;
    check(this, repos, schedules);
    const names = new ClusterNames(props.cluster.clusterName);
    this.schedules = schedules;
    this.configuration = props.configuration ?? [];
    this.secrets = [...new Set(repos.flatMap((repo) => repo._secretNames()))];
    const metadata = { labels: clusterLabels(props.cluster.clusterName, props.labels), annotations: props.annotations };
    emptySecret(this, 'certificate', { name: names.pgBackRestSecret, ...metadata });
    emptySecret(this, 'request-certificate', { name: names.backupSecret, ...metadata });
    if (repos.some((repo) => repo._storage())) this.repoHost = new RepoHost(this, 'repo-host', props);
    const hosts = this.repoHost ? [names.repoHost] : props.instances.map((instance) => `${names.pod(instance)}.${names.instancesService}`);
    for (const schedule of schedules) {
      new BackupCronJob(this, `repo${schedule.repo}-${schedule.name}`, { ...props, schedule, hosts });
    }
    this.spec = {
      stanza: props.cluster.clusterName,
      repos: repos.map((repo) => repo._toSpec()),
      host: this.repoHost && names.repoHost,
      certificateSecret: names.pgBackRestSecret,
      requestSecret: names.backupSecret,
      configuration: configFiles(this, 'configuration', props.configuration),
    };
  }

  /** @internal */
  public _toSpec(): BackupsSpec {
    return this.spec;
  }

  /**
   * Names of the Secrets that the repos are opened with, filled by somebody else.
   *
   * @internal
   */
  public _secretNames(): string[] {
    return this.secrets;
  }

  /**
   * Names of the objects of a kind that its configuration files lie in.
   *
   * @internal
   */
  public _configObjects(kind: 'ConfigMap' | 'Secret'): string[] {
    return configObjects(kind, this.configuration);
  }

  /**
   * How old the newest backup of each repo with schedules can be while all goes well, by the repo's number.
   *
   * @internal
   */
  public _maximumAges(): { [repo: string]: Duration } {
    const repos = [...new Set(this.schedules.map(({ repo }) => repo))];
    return Object.fromEntries(repos.map((repo) => [repo, longestAge(this.schedules.filter((schedule) => schedule.repo === repo))]));
  }
}

/** The clock goes an hour back once a year, and a backup may take longer than the one before. */
const GRACE = Duration.hours(2);

function longestAge(schedules: BackupSchedule[]): Duration {
  return Duration.minutes(BackupSchedule._longestGap(schedules) + GRACE.toMinutes());
}

const MOST_REPOS = 4;

function check(scope: Construct, repos: PgBackRestRepo[], schedules: BackupSchedule[]): void {
  if (repos.length < 1 || repos.length > MOST_REPOS) {
    refuse(scope, 'repos', `has ${repos.length} entries`, `give 1 to ${MOST_REPOS}, or leave "backups" out`);
  }
  repos.forEach((repo, index) => repo._check(scope, `repos[${index}]`));
  schedules.forEach((schedule, index) => schedule._check(scope, `schedules[${index}]`, repos.length));
  const twice = duplicates(schedules.map(({ repo, name }) => `${name} of repo ${repo}`));
  if (twice.length > 0) refuse(scope, 'schedules', `names ${quoted(twice)} more than once`, 'give each a "name" of its own');
  if (schedules.length === 0) return;
  repos.map((_, index) => index + 1).filter((repo) => !schedules.some((schedule) => schedule.repo === repo && schedule._type() === 'full')).forEach((repo) => {
    refuse(scope, 'schedules', `has no full backup for repo ${repo}, where log would be archived for ever and nothing could be restored`,
      `add BackupSchedule.full(..., { repo: ${repo} }), or leave that repo out`);
  });
}

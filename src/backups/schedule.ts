import type { Construct } from 'constructs';
import { comesEver, longestGap, parseCron } from './cron';
import type { BackupType } from '../contract';
import { isDnsLabel, refuse } from '../validation';

/** Options of a `BackupSchedule`. */
export interface BackupScheduleOptions {
  /**
   * Which of the repos, counted from 1 as pgBackRest does.
   *
   * @default 1
   */
  readonly repo?: number;

  /**
   * The time zone of the cron expression, as the tz database names it.
   *
   * @example 'Europe/Vienna'
   * @default 'Etc/UTC'
   */
  readonly timeZone?: string;

  /**
   * Tells two schedules of one repo and kind apart: a DNS label.
   *
   * @default - `full`, `differential` or `incremental`
   */
  readonly name?: string;
}

/**
 * When backups are made.
 *
 * @example
 * [BackupSchedule.full('0 1 * * 0'), BackupSchedule.incremental('0 1 * * 1-6')]
 */
export class BackupSchedule {
  /**
   * The whole of the data.
   *
   * @param cron five fields, as CronJobs of Kubernetes take them
   * @param options where, and in which time zone
   */
  public static full(cron: string, options: BackupScheduleOptions = {}): BackupSchedule {
    return new BackupSchedule('full', 'full', cron, options);
  }

  /**
   * What changed since the last full backup.
   *
   * @param cron five fields, as CronJobs of Kubernetes take them
   * @param options where, and in which time zone
   */
  public static differential(cron: string, options: BackupScheduleOptions = {}): BackupSchedule {
    return new BackupSchedule('diff', 'differential', cron, options);
  }

  /**
   * What changed since the last backup of any kind.
   *
   * @param cron five fields, as CronJobs of Kubernetes take them
   * @param options where, and in which time zone
   */
  public static incremental(cron: string, options: BackupScheduleOptions = {}): BackupSchedule {
    return new BackupSchedule('incr', 'incremental', cron, options);
  }

  /** The repo, from 1. */
  public readonly repo: number;
  /** The time zone of `cron`. */
  public readonly timeZone: string;
  /** The schedule's name within its repo. */
  public readonly name: string;

  private constructor(private readonly type: BackupType, kind: string, public readonly cron: string, options: BackupScheduleOptions) {
    this.repo = options.repo ?? 1;
    this.timeZone = options.timeZone ?? 'Etc/UTC';
    this.name = options.name ?? kind;
  }

  /** @internal */
  public _type(): BackupType {
    return this.type;
  }

  /**
   * The longest time, in minutes, from one of these backups to the next. Those of each time zone hold for themselves, because none is counted
   * into another.
   *
   * @internal
   */
  public static _longestGap(schedules: readonly BackupSchedule[]): number {
    const zones = [...new Set(schedules.map(({ timeZone }) => timeZone))];
    return Math.min(...zones.map((zone) => longestGap(schedules.filter(({ timeZone }) => timeZone === zone).map(({ cron }) => parseCron(cron)!))));
  }

  /** @internal */
  public _check(scope: Construct, prop: string, repos: number): void {
    const cron = parseCron(this.cron);
    if (!cron) refuse(scope, `${prop}.cron`, `is "${this.cron}"`, 'give five fields, like "0 1 * * 0", or one of @hourly, @daily, @weekly, @monthly, @yearly');
    if (!comesEver(cron)) refuse(scope, `${prop}.cron`, `is "${this.cron}", a day that never comes`, 'give one that does');
    if (!(Number.isInteger(this.repo) && this.repo >= 1 && this.repo <= repos)) {
      refuse(scope, `${prop}.repo`, `is ${this.repo}, and there ${repos === 1 ? 'is 1 repo' : `are ${repos} repos`}`, 'give the number of one of "repos", counted from 1');
    }
    if (!/^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+)*$/.test(this.timeZone)) {
      refuse(scope, `${prop}.timeZone`, `is "${this.timeZone}"`, 'give a name of the tz database, like "Europe/Vienna"');
    }
    if (!isDnsLabel(this.name)) refuse(scope, `${prop}.name`, `is "${this.name}"`, 'use lower-case letters, digits and dashes');
  }
}

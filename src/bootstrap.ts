import type { Construct } from 'constructs';
import type { PgBackRestRepo } from './backups/repo';
import type { BackupsSpec, BootstrapSpec, RecoveryTargetSpec, S3RepoSpec } from './contract';
import { refuse } from './validation';

/**
 * Where a restored cluster's history parts from its source's.
 *
 * @example
 * RecoveryTarget.time('2026-05-04T12:59:30Z')
 */
export class RecoveryTarget {
  /** The end of the archive: everything that the source had archived. */
  public static latest(): RecoveryTarget {
    return new RecoveryTarget({ type: 'latest' });
  }

  /** The end of the backup: the first moment at which its data is consistent. */
  public static immediate(): RecoveryTarget {
    return new RecoveryTarget({ type: 'immediate' });
  }

  /**
   * A moment. Transactions that were committed until then are there.
   *
   * @param timestamp RFC 3339 with a time zone, like `2026-05-04T12:59:30.5Z` or `2026-05-04T14:59:30+02:00`
   */
  public static time(timestamp: string): RecoveryTarget {
    return new RecoveryTarget({ type: 'time', value: timestamp });
  }

  /**
   * A position in the write-ahead log, which is the last to be replayed.
   *
   * @param lsn as PostgreSQL writes it, like `16/B374D848`
   */
  public static lsn(lsn: string): RecoveryTarget {
    return new RecoveryTarget({ type: 'lsn', value: lsn });
  }

  /**
   * A restore point that `pg_create_restore_point` has made.
   *
   * @param restorePoint its name
   */
  public static name(restorePoint: string): RecoveryTarget {
    return new RecoveryTarget({ type: 'name', value: restorePoint });
  }

  /**
   * A transaction, which is the last to be replayed.
   *
   * @param transactionId its number, as `pg_current_xact_id` gives it
   */
  public static xid(transactionId: string): RecoveryTarget {
    return new RecoveryTarget({ type: 'xid', value: transactionId });
  }

  private constructor(private readonly spec: RecoveryTargetSpec) {}

  /** @internal */
  public _toSpec(): RecoveryTargetSpec {
    return this.spec;
  }

  /** @internal */
  public _check(scope: Construct, prop: string): void {
    const { spec } = this;
    switch (spec.type) {
      case 'time':
        if (!isMoment(spec.value)) refuse(scope, prop, `is the time "${spec.value}"`, 'write date, time and time zone, like "2026-05-04T12:59:30Z" or "2026-05-04T14:59:30+02:00"');
        return;
      case 'lsn':
        if (!/^[0-9A-Fa-f]{1,8}\/[0-9A-Fa-f]{1,8}$/.test(spec.value)) refuse(scope, prop, `is the LSN "${spec.value}"`, 'write it as PostgreSQL does, like "16/B374D848"');
        return;
      case 'xid':
        if (!/^[1-9][0-9]{0,19}$/.test(spec.value)) refuse(scope, prop, `is the transaction "${spec.value}"`, 'give its number, as pg_current_xact_id() does');
        return;
      case 'name':
        if (spec.value === '' || Buffer.byteLength(spec.value) > 63) refuse(scope, prop, `is the restore point "${spec.value}"`, 'give the name of one, 1 to 63 bytes long');
        return;
      case 'latest':
      case 'immediate':
        return;
    }
  }
}

/** Options of `Bootstrap.fromBackup`. */
export interface FromBackupOptions {
  /**
   * The repo with the backup, in S3. It is only read, and the cluster that it belongs to need not be there any more. Secrets are read in the
   * new cluster's namespace.
   */
  readonly repo: PgBackRestRepo;

  /** pgBackRest's name for the cluster that was backed up: for clusters of this library, the cluster's name. */
  readonly stanza: string;

  /**
   * Where its history ends in the new cluster.
   *
   * @default RecoveryTarget.latest()
   */
  readonly target?: RecoveryTarget;

  /**
   * The backup to begin with, by pgBackRest's label. Needed for restore points and transactions from before the newest backup.
   *
   * @example '20260503-010002F_20260504-010001I'
   * @default - the newest that ended before `target`
   */
  readonly backup?: string;
}

/**
 * What a new cluster begins with. Once the cluster has data, this says nothing any more: it can stay in the program, and the data is never
 * restored a second time.
 *
 * @example
 * Bootstrap.fromBackup({ repo: PgBackRestRepo.s3({...}), stanza: 'orders', target: RecoveryTarget.time('2026-05-04T12:59:30Z') })
 */
export class Bootstrap {
  /**
   * The data of another cluster, from its backup, on a new timeline. Certificates and the passwords of `users` are the new cluster's own.
   *
   * @param options which backup, and up to where
   */
  public static fromBackup(options: FromBackupOptions): Bootstrap {
    return new Bootstrap(options);
  }

  private constructor(private readonly options: FromBackupOptions) {}

  /**
   * `backups`: the new cluster's own, which must not go where the backup comes from.
   *
   * @internal
   */
  public _toSpec(scope: Construct, backups?: BackupsSpec): BootstrapSpec {
    const { stanza, backup, target = RecoveryTarget.latest() } = this.options;
    const repo = this.options.repo._toSpec();
    if (repo.type !== 's3') {
      refuse(scope, 'bootstrap.repo', 'is a volume, which only the repo host of its own cluster can read', 'give a repo in S3');
    }
    this.options.repo._check(scope, 'bootstrap.repo');
    if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(stanza)) {
      refuse(scope, 'bootstrap.stanza', `is "${stanza}"`, 'give the name of the cluster that was backed up');
    }
    if (backup !== undefined && !/^\d{8}-\d{6}F(_\d{8}-\d{6}[DI])?$/.test(backup)) {
      refuse(scope, 'bootstrap.backup', `is "${backup}"`, 'give a label as pgBackRest writes it, like "20260503-010002F"');
    }
    target._check(scope, 'bootstrap.target');
    const own = backups?.repos.findIndex((other) => other.type === 's3' && placeOf(other) === placeOf(repo)) ?? -1;
    if (own >= 0 && backups?.stanza === stanza) {
      refuse(scope, `backups.repos[${own}]`, `is the directory that "bootstrap" reads "${stanza}" from, and two clusters' archives in one place make both useless`,
        'give the new cluster\'s repo another "path"');
    }
    return { repo, stanza, backup, target: target._toSpec() };
  }

  /**
   * Names of the Secrets that the repo is opened with.
   *
   * @internal
   */
  public _secretNames(): string[] {
    return this.options.repo._secretNames();
  }
}

/** The directory, however its address is written. */
function placeOf({ endpoint, bucket, path }: S3RepoSpec): string {
  return [endpoint.toLowerCase().replace(/:443$/, ''), bucket, ...path.split('/').filter((part) => part !== '')].join('/');
}

/** A complete RFC 3339 timestamp that is a real one: without a zone, the server's would decide. */
function isMoment(text: string): boolean {
  const parts = /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2}):(\d{2})(\.\d{1,6})?(Z|[+-](0\d|1[0-5]):[0-5]\d)$/.exec(text);
  if (!parts) return false;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number);
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
  return day >= 1 && day <= days && hour <= 23 && minute <= 59 && second <= 59;
}

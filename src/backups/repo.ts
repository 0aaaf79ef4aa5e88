import type { Construct } from 'constructs';
import type { RepoSpec, RetentionSpec, SecretKeySpec } from '../contract';
import { checkStorage, StorageOptions } from '../storage';
import { isObjectName, refuse } from '../validation';

/** What `RetentionOptions.full` counts. */
export enum RetentionType {
  /** Full backups. */
  COUNT = 'count',
  /** Days. A full backup goes once a newer one is that old, so that any moment of those days can be returned to. */
  TIME = 'time',
}

/** What pgBackRest removes after each backup. Write-ahead log goes with the oldest backup that needs it. */
export interface RetentionOptions {
  /**
   * How many full backups, or how many days of them, are kept. At least 1.
   */
  readonly full: number;

  /**
   * Whether `full` counts backups or days.
   *
   * @default RetentionType.COUNT
   */
  readonly fullType?: RetentionType;

  /**
   * How many differential backups are kept. At least 1.
   *
   * @default - all, until their full backup goes
   */
  readonly differential?: number;
}

/** One value in a Secret of the cluster's namespace, which somebody else fills. */
export interface SecretKeyOptions {
  /** Name of the Secret. */
  readonly secretName: string;

  /** The key in it. */
  readonly key: string;
}

/** What all repos have. */
export interface PgBackRestRepoOptions {
  /**
   * What is removed after each backup.
   *
   * @default - the two latest full backups are kept, with all that belongs to them
   */
  readonly retention?: RetentionOptions;

  /**
   * The passphrase with which everything in the repo is encrypted (AES-256). Fixed for the life of the repo. Keep a copy outside the
   * cluster: without it no backup can be read.
   *
   * @default - not encrypted
   */
  readonly passphrase?: SecretKeyOptions;
}

/** Options of `PgBackRestRepo.posix`. */
export interface PosixRepoOptions extends PgBackRestRepoOptions {
  /** The repo's volume. */
  readonly storage: StorageOptions;
}

/** How the address of an object in S3 is made. */
export enum S3UriStyle {
  /** `https://bucket.endpoint/object` */
  HOST = 'host',
  /** `https://endpoint/bucket/object`, as most servers other than Amazon's want it. */
  PATH = 'path',
}

/** Who a pod is to S3 where no credentials are given. */
export enum S3Identity {
  /** The role of the node that it runs on. */
  NODE = 'auto',
  /**
   * The role of its ServiceAccount (IAM roles for service accounts): a web identity token. Instances and repo host have an account each, and both
   * need the role: `orders.identity.serviceAccount.metadata.addAnnotation('eks.amazonaws.com/role-arn', '...')`, and the same of
   * `orders.backups.repoHost.serviceAccount`.
   */
  POD = 'web-id',
}

/** Options of `PgBackRestRepo.s3`. */
export interface S3RepoOptions extends PgBackRestRepoOptions {
  /** Host, and port if it is not 443. */
  readonly endpoint: string;

  /** The bucket, which must exist. */
  readonly bucket: string;

  /** The region, as requests are signed for it. */
  readonly region: string;

  /**
   * How addresses are made.
   *
   * @default S3UriStyle.HOST
   */
  readonly uriStyle?: S3UriStyle;

  /**
   * Where the repo begins in the bucket, with a slash first. Within it, each cluster has its own directories under its name: clusters of
   * one name in several namespaces need paths of their own.
   *
   * @default /pgbackrest
   */
  readonly path?: string;

  /**
   * The certificate authority of the endpoint, PEM.
   *
   * @default - those that the image trusts
   */
  readonly certificateAuthority?: SecretKeyOptions;

  /**
   * Whether the endpoint's certificate is checked.
   *
   * @default true
   */
  readonly verifyTls?: boolean;

  /**
   * Name of a Secret with `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, and perhaps `AWS_SESSION_TOKEN`. Read again every few seconds,
   * so that keys can be replaced at any time. Not together with `identity`.
   *
   * @default - `identity`
   */
  readonly credentialsSecret?: string;

  /**
   * Who the pods are to S3. Not together with `credentialsSecret`.
   *
   * @default - `credentialsSecret`; one of the two must be given
   */
  readonly identity?: S3Identity;
}

/**
 * Where pgBackRest keeps backups and archived write-ahead log.
 *
 * @example
 * PgBackRestRepo.posix({ storage: { size: Size.gibibytes(200) } })
 */
export class PgBackRestRepo {
  /**
   * A volume on a pod of its own, the repo host.
   *
   * @param options its volume, and what is kept
   */
  public static posix(options: PosixRepoOptions): PgBackRestRepo {
    return new PgBackRestRepo({ ...common(options), type: 'posix' }, options.storage);
  }

  /**
   * A bucket of Amazon S3, or of any server that speaks as it does, over TLS.
   *
   * @param options where it is and how it is opened
   */
  public static s3(options: S3RepoOptions): PgBackRestRepo {
    return new PgBackRestRepo({
      ...common(options),
      type: 's3',
      endpoint: options.endpoint,
      bucket: options.bucket,
      region: options.region,
      uriStyle: options.uriStyle ?? S3UriStyle.HOST,
      path: options.path ?? '/pgbackrest',
      verifyTls: options.verifyTls ?? true,
      authority: secretKey(options.certificateAuthority),
      keyType: options.identity ?? 'shared',
      credentialsSecret: options.credentialsSecret,
    });
  }

  private constructor(private readonly spec: RepoSpec, private readonly storage?: StorageOptions) {}

  /** @internal */
  public _toSpec(): RepoSpec {
    return this.spec;
  }

  /** @internal */
  public _storage(): StorageOptions | undefined {
    return this.storage;
  }

  /**
   * Names of the Secrets that the repo is opened with.
   *
   * @internal
   */
  public _secretNames(): string[] {
    const { spec } = this;
    const own = spec.type === 's3' ? [spec.credentialsSecret, spec.authority?.secret] : [];
    return [spec.cipher?.secret, ...own].filter((name): name is string => name !== undefined);
  }

  /** @internal */
  public _check(scope: Construct, prop: string): void {
    const { spec, storage } = this;
    if (storage) checkStorage(scope, `${prop}.storage`, storage);
    if (storage?.source) refuse(scope, `${prop}.storage.source`, 'is given, and a repo has a claim of its own', 'leave it out');
    checkRetention(scope, `${prop}.retention`, spec.retention);
    checkSecretKey(scope, `${prop}.passphrase`, spec.cipher);
    if (spec.type !== 's3') return;
    for (const key of ['endpoint', 'bucket', 'region'] as const) {
      if (!/^\S+$/.test(spec[key])) refuse(scope, `${prop}.${key}`, `is "${spec[key]}"`, 'give it as S3 knows it, without spaces');
    }
    if (/^[a-z]+:\/\//.test(spec.endpoint)) refuse(scope, `${prop}.endpoint`, `is "${spec.endpoint}"`, 'give host and port only: it is always HTTPS');
    if (!/^\/\S+$/.test(spec.path)) refuse(scope, `${prop}.path`, `is "${spec.path}"`, 'begin it with a slash, like "/pgbackrest"');
    checkSecretKey(scope, `${prop}.certificateAuthority`, spec.authority);
    if (spec.credentialsSecret !== undefined) checkSecretName(scope, `${prop}.credentialsSecret`, spec.credentialsSecret);
    if ((spec.credentialsSecret === undefined) === (spec.keyType === 'shared')) {
      refuse(scope, `${prop}.credentialsSecret`, spec.keyType === 'shared' ? 'is missing' : 'is given together with "identity"',
        'give either "credentialsSecret" or "identity", so that it is clear who the pods are to S3');
    }
  }
}

const DEFAULT_RETENTION: RetentionOptions = { full: 2 };

function common({ retention = DEFAULT_RETENTION, passphrase }: PgBackRestRepoOptions): { retention: RetentionSpec; cipher?: SecretKeySpec } {
  return {
    retention: { fullType: retention.fullType ?? RetentionType.COUNT, full: retention.full, differential: retention.differential },
    cipher: secretKey(passphrase),
  };
}

function secretKey(options: SecretKeyOptions | undefined): SecretKeySpec | undefined {
  return options && { secret: options.secretName, key: options.key };
}

function checkSecretKey(scope: Construct, prop: string, given: SecretKeySpec | undefined): void {
  if (!given) return;
  checkSecretName(scope, `${prop}.secretName`, given.secret);
  if (!/^[-._a-zA-Z0-9]{1,253}$/.test(given.key)) refuse(scope, `${prop}.key`, `is "${given.key}"`, 'give a key of the Secret: letters, digits, dashes, dots and underscores');
}

function checkSecretName(scope: Construct, prop: string, name: string): void {
  if (!isObjectName(name)) refuse(scope, prop, `is "${name}"`, 'give the name of a Secret in the cluster\'s namespace');
}

function checkRetention(scope: Construct, prop: string, { full, differential }: RetentionSpec): void {
  for (const [name, value] of Object.entries({ full, differential })) {
    if (value !== undefined && !(Number.isInteger(value) && value >= 1 && value <= 9_999_999)) {
      refuse(scope, `${prop}.${name}`, `is ${value}`, 'give a whole number of at least 1; pgBackRest never removes the last backup');
    }
  }
}

/** pgbackrest.conf, rendered whole from the spec: for an instance, for the repo host, and for a leader that makes the backups itself. */
import type { UserOptions } from './user-options.js';
import { PGBACKREST_CONFIG, PGBACKREST_DIR, PGDATA, repoDir, SOCKET_DIR, SPOOL_DIR, TMP_DIR } from '../../contract/paths.js';
import { PGBACKREST_PORT, POSTGRES_PORT } from '../../contract/ports.js';
import { PGBACKREST_COMMON_NAME } from '../../contract/secrets.js';
import type { BackupsSpec, BootstrapSpec, RepoSpec, S3RepoSpec } from '../../contract/spec.js';

/** What a repo is opened with, read from Secrets. */
export interface RepoKeys {
  readonly passphrase?: string;
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  readonly sessionToken?: string;
  /** PEM */
  readonly authority?: string;
}

/** Where a pgBackRest process stands, and so which files it reaches itself. */
export type Place =
  /** In an instance: its own data, the repos. */
  | { readonly kind: 'instance' }
  /** In an instance that makes the backup: its own data, the repos, the other instances. */
  | { readonly kind: 'leader'; readonly others: readonly string[] }
  /** On the repo host: the volumes of the repos, all instances. */
  | { readonly kind: 'repo'; readonly instances: readonly string[] };

export interface ConfigurationInput {
  readonly backups: BackupsSpec;
  readonly place: Place;
  /** The repo host's name as its certificate carries it. */
  readonly repoHost: string | null;
  /** By repo, in order. */
  readonly keys: readonly RepoKeys[];
  /** What the user says in files of his own; it outranks what is ours by default, and says nothing that only we may. */
  readonly options: UserOptions;
}

export const CERTIFICATE_FILES = { certificate: `${PGBACKREST_DIR}/tls.crt`, key: `${PGBACKREST_DIR}/tls.key`, authority: `${PGBACKREST_DIR}/ca.crt` } as const;

export function repoAuthorityFile(repo: number): string {
  return `${PGBACKREST_DIR}/repo${repo}-ca.crt`;
}

type Settings = Record<string, string | number | undefined>;

export function renderConfiguration(input: ConfigurationInput): string {
  const { backups } = input;
  const global: Settings = {
    ...BASE,
    ...server(backups),
    ...(input.place.kind === 'repo' ? {} : { 'archive-async': 'y', 'spool-path': SPOOL_DIR }),
    ...Object.assign({}, ...backups.repos.map((repo, index) => repoSettings(input, repo, index + 1))) as Settings,
  };
  const ours: Readonly<Record<string, Settings>> = {
    global,
    // PostgreSQL asks again, and waiting longer would only hold up its archiver.
    'global:archive-push': { 'archive-timeout': 15 },
    [backups.stanza]: clusterSettings(input.place),
  };
  const others = Object.keys(input.options).filter((name) => !(name in ours)).sort();
  const sections = [...Object.keys(ours), ...others].map((name) => section(name, { ...ours[name], ...input.options[name] }));
  return ['# Written by the agent.', ...sections].join('\n') + '\n';
}

/** For reading a backup of another cluster out of its repo. */
export function renderSource({ repo, stanza }: BootstrapSpec, keys: RepoKeys, authorityFile: string, pgdata: string): string {
  return `${[
    '# Written by the agent.',
    section('global', { ...BASE, ...prefixed('repo1', { ...s3(repo, keys, authorityFile), ...cipher(keys) }) }),
    section(stanza, prefixed('pg1', { path: pgdata })),
  ].join('\n')}\n`;
}

const BASE: Settings = {
  'log-level-file': 'off',
  'log-level-console': 'off',
  'log-level-stderr': 'warn',
  'lock-path': `${TMP_DIR}/pgbackrest`,
  'process-max': 2,
  'compress-type': 'zst',
  // A backup begins at once, not at the next checkpoint.
  'start-fast': 'y',
  'backup-standby': 'prefer',
};

function server(backups: BackupsSpec): Settings {
  return {
    'tls-server-address': '*',
    'tls-server-port': PGBACKREST_PORT,
    'tls-server-cert-file': CERTIFICATE_FILES.certificate,
    'tls-server-key-file': CERTIFICATE_FILES.key,
    'tls-server-ca-file': CERTIFICATE_FILES.authority,
    'tls-server-auth': `${PGBACKREST_COMMON_NAME}=${backups.stanza}`,
  };
}

function repoSettings({ place, repoHost, keys }: ConfigurationInput, repo: RepoSpec, number: number): Settings {
  const own = keys[number - 1] ?? {};
  const prefix = `repo${number}`;
  const remote = repo.type === 'posix' && place.kind !== 'repo';
  if (remote) return host(prefix, repoHost!);
  return prefixed(prefix, {
    ...(repo.type === 'posix' ? { path: repoDir(number) } : s3(repo, own, repoAuthorityFile(number))),
    // Small files together; of large ones that changed, only the blocks that did.
    'bundle': 'y',
    'block': 'y',
    'retention-full-type': repo.retention.fullType,
    'retention-full': repo.retention.full,
    'retention-diff': repo.retention.differential,
    ...cipher(own),
  });
}

function cipher({ passphrase }: RepoKeys): Settings {
  return passphrase === undefined ? {} : { 'cipher-type': 'aes-256-cbc', 'cipher-pass': passphrase };
}

function s3(repo: S3RepoSpec, keys: RepoKeys, authorityFile: string): Settings {
  return {
    'type': 's3',
    'path': repo.path,
    's3-endpoint': repo.endpoint,
    's3-bucket': repo.bucket,
    's3-region': repo.region,
    's3-uri-style': repo.uriStyle,
    's3-key-type': repo.keyType,
    's3-key': keys.accessKeyId,
    's3-key-secret': keys.secretAccessKey,
    's3-token': keys.sessionToken,
    'storage-verify-tls': repo.verifyTls ? 'y' : 'n',
    'storage-ca-file': keys.authority === undefined ? undefined : authorityFile,
  };
}

/** pg1 is the instance itself where it has data; whoever is primary, pgBackRest finds out. */
function clusterSettings(place: Place): Settings {
  const remotes = place.kind === 'repo' ? place.instances : place.kind === 'leader' ? place.others : [];
  const first = place.kind === 'repo' ? 1 : 2;
  return {
    ...(place.kind === 'repo' ? {} : prefixed('pg1', POSTGRES)),
    ...Object.assign({}, ...remotes.map((name, index) => ({ ...host(`pg${first + index}`, name), ...prefixed(`pg${first + index}`, POSTGRES) }))) as Settings,
  };
}

const POSTGRES: Settings = { 'path': PGDATA, 'port': POSTGRES_PORT, 'socket-path': SOCKET_DIR, 'user': 'postgres' };

function host(prefix: string, name: string): Settings {
  return prefixed(prefix, {
    'host': name,
    'host-type': 'tls',
    'host-port': PGBACKREST_PORT,
    'host-config': PGBACKREST_CONFIG,
    'host-cert-file': CERTIFICATE_FILES.certificate,
    'host-key-file': CERTIFICATE_FILES.key,
    'host-ca-file': CERTIFICATE_FILES.authority,
  });
}

function prefixed(prefix: string, settings: Settings): Settings {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [`${prefix}-${name}`, value]));
}

function section(name: string, settings: Settings): string {
  const lines = Object.entries(settings).flatMap(([key, value]) => value === undefined ? [] : [`${key}=${value}`]);
  return `\n[${name}]\n${lines.join('\n')}`;
}

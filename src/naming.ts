import { createHash } from 'node:crypto';
import type { AccessLevel } from './contract';

/**
 * Names of all objects. Every name derives from the cluster's name, so that it is the same on every synth and machine.
 *
 * A name is `<cluster>-<variable parts>-<word>`. Two different objects of one kind never share a name (naming.test.ts):
 * - the words are fixed, a kind with a given word has a fixed number of variable parts, and a plain part has no dash,
 *   so a plain name can only be read one way, from its end;
 * - any other name (a part with a dash, an underscore or capitals; a part that looks like a hash; a name too long) ends with
 *   a hash of the whole logical name, and no plain name ends like that.
 */

/** The longest names that Kubernetes takes. */
export const NAME_LIMITS = {
  /** The revision label of its pod is the name, a dash and ten characters, and a label value has at most 63. */
  statefulSet: 52,
  /** Its Jobs' names are longer by eleven characters. */
  cronJob: 52,
  /** A DNS label (RFC 1035). */
  service: 63,
  /** A DNS label: a volume in a pod. */
  label: 63,
  /** A DNS subdomain: everything else. */
  object: 253,
} as const;

const HASH_LENGTH = 8;
const PLAIN_PART = /^[a-z0-9]+$/;
const LOOKS_LIKE_HASH = /^[0-9a-f]{8}$/;

/** The name for a cluster's object, at most `limit` characters long. */
export function objectName(limit: number, cluster: string, parts: readonly string[], word?: string): string {
  const ending = [...parts.map(sanitize), word].filter((part) => part).join('-');
  const name = ending ? `${cluster}-${ending}` : cluster;
  if (name.length <= limit && parts.every(isPlain)) {
    return name;
  }
  const hash = hashOf([cluster, ...parts, word ?? '']);
  const room = limit - HASH_LENGTH - 1;
  // The cluster's part is cut first: the ending says what the object is.
  const clusterRoom = Math.max(1, room - ending.length - 1);
  const readable = ending ? `${trimDashes(cluster.slice(0, clusterRoom))}-${ending}` : cluster;
  return `${trimDashes(readable.slice(0, room))}-${hash}`;
}

function isPlain(part: string): boolean {
  return PLAIN_PART.test(part) && !LOOKS_LIKE_HASH.test(part);
}

function sanitize(part: string): string {
  return trimDashes(part.toLowerCase().replace(/[^a-z0-9]+/g, '-'));
}

function trimDashes(text: string): string {
  return text.replace(/^-+|-+$/g, '');
}

/** NUL stands in no name, so it cannot blur where one part ends and the next begins. */
function hashOf(parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, HASH_LENGTH);
}

/** Names of one cluster's objects. */
export class ClusterNames {
  readonly readWriteService: string;
  readonly readOnlyService: string;
  readonly readService: string;
  readonly instancesService: string;
  readonly endpointSlice: string;
  readonly lease: string;
  readonly state: string;
  readonly spec: string;
  readonly identity: string;
  readonly disruptionBudget: string;
  readonly instancesPolicy: string;
  readonly repoPolicy: string;
  readonly poolerPolicy: string;
  readonly authoritySecret: string;
  readonly serverSecret: string;
  readonly replicationSecret: string;
  readonly rewindSecret: string;
  readonly agentSecret: string;
  readonly accessSecrets: Readonly<Record<AccessLevel, string>>;
  readonly repoHost: string;
  readonly pgBackRestSecret: string;
  readonly backupSecret: string;
  readonly monitoringSecret: string;
  readonly podMonitor: string;
  readonly alerts: string;
  readonly dashboard: string;
  readonly poolerService: string;
  /** Deployment, ServiceAccount, Role, RoleBinding and Secret of the pooler. */
  readonly pooler: string;
  readonly poolerDisruptionBudget: string;

  constructor(private readonly cluster: string) {
    this.readWriteService = this.service('rw');
    this.readOnlyService = this.service('ro');
    this.readService = this.service('r');
    this.instancesService = this.service('instances');
    this.endpointSlice = this.object([], 'rw-leader');
    this.lease = this.object([], 'leader');
    this.state = this.object([], 'state');
    this.spec = this.object([], 'spec');
    this.identity = this.object([], 'agent');
    this.disruptionBudget = this.object([]);
    this.instancesPolicy = this.object([], 'instances');
    this.repoPolicy = this.object([], 'repo');
    this.poolerPolicy = this.object([], 'pooler');
    this.authoritySecret = this.object([], 'ca');
    this.serverSecret = this.object([], 'server');
    this.replicationSecret = this.object([], 'replication');
    this.rewindSecret = this.object([], 'rewind');
    this.agentSecret = this.object([], 'agent');
    this.accessSecrets = { viewer: this.object([], 'viewer'), operator: this.object([], 'operator'), admin: this.object([], 'admin') };
    this.repoHost = objectName(NAME_LIMITS.statefulSet, this.cluster, [], 'repo');
    this.pgBackRestSecret = this.object([], 'pgbackrest');
    this.backupSecret = this.object([], 'backup');
    this.monitoringSecret = this.object([], 'monitoring');
    this.podMonitor = this.object([], 'metrics');
    this.alerts = this.object([], 'alerts');
    this.dashboard = this.object([], 'dashboard');
    this.poolerService = this.service('pooler');
    this.pooler = this.object([], 'pooler');
    // With a hash, for the sake of the dash: the cluster's own budget has no word, and a plain one would be that of a cluster "<cluster>-pooler".
    this.poolerDisruptionBudget = this.object(['-pooler']);
  }

  userSecret(user: string): string {
    return this.object([user], 'user');
  }

  statefulSet(instance: string): string {
    return objectName(NAME_LIMITS.statefulSet, this.cluster, [instance]);
  }

  pod(instance: string): string {
    return `${this.statefulSet(instance)}-0`;
  }

  dataClaim(instance: string): string {
    return this.object([instance], 'data');
  }

  walClaim(instance: string): string {
    return this.object([instance], 'wal');
  }

  tablespaceClaim(instance: string, tablespace: string): string {
    return this.object([instance, tablespace], 'tablespace');
  }

  repoClaim(repo: number): string {
    return this.object([`${repo}`], 'repo');
  }

  backupCronJob(repo: number, schedule: string): string {
    return objectName(NAME_LIMITS.cronJob, this.cluster, [`repo${repo}`, schedule], 'backup');
  }

  private service(word: string): string {
    return objectName(NAME_LIMITS.service, this.cluster, [], word);
  }

  private object(parts: readonly string[], word?: string): string {
    return objectName(NAME_LIMITS.object, this.cluster, parts, word);
  }
}

/** Words that end the names of other objects of a cluster: an instance of that name would be taken for one of them. */
export const RESERVED_INSTANCE_NAMES = [
  'rw', 'ro', 'r', 'instances', 'leader', 'state', 'spec', 'agent', 'ca', 'server', 'replication', 'rewind',
  'data', 'wal', 'tablespace', 'user', 'repo', 'pooler', 'primary', 'replica', 'pgbackrest', 'backup',
  'monitoring', 'metrics', 'alerts', 'dashboard', 'viewer', 'operator', 'admin',
];

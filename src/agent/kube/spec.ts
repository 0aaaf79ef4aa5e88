/** The spec: read by the API, checked, and kept, so that neither a bad commit nor a silent API server leaves an agent without orders. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { checkTiming, SPEC_KEY, SPEC_VERSION, type ClusterSpec } from '../../contract/index.js';
import { writeDurably } from '../files.js';
import { CONFIG_MAPS, type KubeApi } from './client.js';
import type { SpecReading, SpecSource } from './types.js';
import { watchAll } from './watch.js';

const milliseconds = z.number().int().positive();
const name = z.string().min(1);

const count = z.number().int().positive();
/** Nothing that would end a quoted word or a line of pg_hba.conf, nor begin a regular expression there. */
const hbaWord = z.string().regex(/^[^"\s/][^"\r\n\0]*$/);
const configFile = z.object({ kind: z.enum(['ConfigMap', 'Secret']), name, key: name });
const secretKey = z.object({ secret: name, key: name });
const givenCertificate = z.object({ secret: name, name: name.optional() });
const repoCommon = { retention: z.object({ fullType: z.enum(['count', 'time']), full: count, differential: count.optional() }), cipher: secretKey.optional() };
const s3Repo = z.object({
  ...repoCommon,
  type: z.literal('s3'),
  endpoint: name,
  bucket: name,
  region: name,
  uriStyle: z.enum(['host', 'path']),
  path: name,
  verifyTls: z.boolean(),
  authority: secretKey.optional(),
  keyType: z.enum(['shared', 'auto', 'web-id']),
  credentialsSecret: name.optional(),
});
const repo = z.discriminatedUnion('type', [z.object({ ...repoCommon, type: z.literal('posix') }), s3Repo]);
const recoveryTarget = z.discriminatedUnion('type', [
  z.object({ type: z.enum(['latest', 'immediate']) }),
  z.object({ type: z.enum(['time', 'lsn', 'name', 'xid']), value: name }),
]);

/** Unknown fields are dropped: a newer library may write more than this agent knows (I42). */
const clusterSpec = z.object({
  specVersion: z.literal(SPEC_VERSION),
  cluster: name,
  postgresVersion: name,
  objects: z.object({
    lease: name,
    state: name,
    endpointSlice: name,
    readWriteService: name,
    readOnlyService: name,
    readService: name,
    instancesService: name,
    authoritySecret: name,
    serverSecret: name,
    replicationSecret: name,
    rewindSecret: name,
    agentSecret: name,
    monitoringSecret: name.optional(),
    accessSecrets: z.object({ viewer: name, operator: name, admin: name }).optional(),
  }),
  instances: z.array(z.object({
    name,
    statefulSet: name,
    pod: name,
    dataClaim: name.optional(),
    givenVolume: z.literal(true).optional(),
    dataPath: name.optional(),
    walVolume: z.boolean(),
    tablespaces: z.array(name),
    retire: z.boolean(),
  })),
  parameters: z.record(z.string(), z.string()),
  configuration: z.array(configFile).optional(),
  replication: z.object({ mode: z.literal('asynchronous') }),
  routing: z.enum(['endpointSlice', 'selector']),
  databases: z.array(z.object({ name, owner: name })),
  users: z.array(z.object({ name, secret: name, database: name })),
  pooler: z.object({ service: name, secret: name, certificate: givenCertificate.optional(), settings: z.record(z.string(), z.string()) }).optional(),
  timing: z.object({
    leaseDuration: milliseconds,
    renewInterval: milliseconds,
    requestTimeout: milliseconds,
    fenceAfter: milliseconds,
    killAfter: milliseconds,
  }),
  backups: z.object({
    stanza: name,
    repos: z.array(repo).min(1),
    host: name.optional(),
    certificateSecret: name,
    requestSecret: name,
    configuration: z.array(configFile).optional(),
  }).optional(),
  bootstrap: z.object({ repo: s3Repo, stanza: name, backup: name.optional(), target: recoveryTarget }).optional(),
  certificates: z.object({
    validity: z.object({ duration: count, renewBefore: count }).optional(),
    server: givenCertificate.optional(),
  }).optional(),
  hba: z.array(z.object({
    connection: z.enum(['hostssl', 'hostnossl', 'host']),
    databases: z.array(hbaWord),
    users: z.array(hbaWord),
    // PostgreSQL does not start with a rule that it cannot read.
    address: z.union([z.cidrv4(), z.cidrv6()]).optional(),
    method: z.enum(['scram-sha-256', 'cert', 'reject']),
  })).optional(),
  clientTls: z.enum(['disable', 'allow', 'require', 'verify']).optional(),
}) satisfies z.ZodType<ClusterSpec>;

/** The spec, or why it is none. */
export function parseSpec(text: string): { spec: ClusterSpec } | { why: string } {
  let spec: ClusterSpec;
  try {
    spec = clusterSpec.parse(JSON.parse(text));
  } catch (error) {
    return { why: error instanceof z.ZodError ? z.prettifyError(error) : String(error) };
  }
  const broken = checkTiming(spec.timing);
  return broken.length > 0 ? { why: `timing is not safe: ${broken.join('; ')}` } : { spec };
}

export class KubeSpecSource implements SpecSource {
  private good: { readonly text: string; readonly spec: ClusterSpec } | null = null;

  /** `keptFile`: on the data volume, where the last good document outlives the pod. */
  constructor(private readonly api: KubeApi, private readonly configMap: string, private readonly keptFile: string) {}

  async read(): Promise<SpecReading> {
    const problem = await this.readNew();
    this.good ??= await this.readKept();
    return { spec: this.good?.spec ?? null, problem };
  }

  async watch(wake: () => void, signal: AbortSignal): Promise<void> {
    await watchAll(this.api, CONFIG_MAPS, { name: this.configMap }, wake, signal);
  }

  /** Why the newest document could not be taken; null when it is in use. */
  private async readNew(): Promise<string | null> {
    const object = await this.api.get(CONFIG_MAPS, this.configMap);
    if (!object.ok) return `the spec could not be read: ${object.message}`;
    const text = object.value.data?.[SPEC_KEY];
    if (text === undefined) return `ConfigMap ${this.configMap} has no key ${SPEC_KEY}; apply the synthesized manifests again`;
    if (text === this.good?.text) return null;
    const parsed = parseSpec(text);
    if ('why' in parsed) return `key ${SPEC_KEY} of ConfigMap ${this.configMap} is not a spec that this agent can follow, so the last good one stays in use: ${parsed.why}`;
    this.good = { text, spec: parsed.spec };
    // Not waited for: a volume that is full, unreadable or hanging is no reason not to follow the spec, and other parts report it.
    writeDurably(this.keptFile, text).catch(() => undefined);
    return null;
  }

  private async readKept(): Promise<{ text: string; spec: ClusterSpec } | null> {
    const text = await readFile(this.keptFile, 'utf8').catch(() => null);
    if (text === null) return null;
    const parsed = parseSpec(text);
    return 'why' in parsed ? null : { text, spec: parsed.spec };
  }
}

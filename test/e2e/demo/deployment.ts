/** What was synthesized, applied: a namespace that admits restricted pods only, an S3 server in it, and the cluster, until all parts are ready. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { MANIFESTS } from './synthesis';
import { Cluster, NAMES } from '../harness/cluster';
import { S3Server } from '../harness/s3';
import { say } from '../harness/say';
import type { Target } from '../target/target';

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec?: { readonly resources?: { readonly requests?: { storage?: string } } };
}

const SMALL = '1Gi';

export class Deployment {
  static async of(target: Target, namespace: string): Promise<Deployment> {
    const cluster = await Cluster.create(target, namespace, `dist/e2e/${namespace}`);
    const [s3] = await Promise.all([startS3(cluster), apply(target, cluster)]);
    await cluster.kubectl.run(['rollout', 'status', `deployment/${NAMES.pooler}`, '--timeout=120s'], { timeoutMs: 130_000 });
    const primary = await cluster.primary();
    const where = cluster.pods.all.map(({ name, node }) => `${name} on ${node}`).sort();
    say(`three instances in three zones: ${where.join(', ')}; ${primary.name} is primary, the others stream from it`);
    return new Deployment(cluster, s3);
  }

  private constructor(readonly cluster: Cluster, readonly s3: S3Server) {}
}

async function apply(target: Target, cluster: Cluster): Promise<void> {
  say(`kubectl apply --server-side -n ${cluster.namespace} -f ${MANIFESTS}   (${target.description})`);
  const items = fitted(manifests(), target, await kindsOf(cluster));
  await cluster.kubectl.apply(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  await cluster.healthy(300_000);
}

async function startS3(cluster: Cluster): Promise<S3Server> {
  const s3 = await S3Server.start(cluster);
  await s3.giveAccess(cluster);
  say(`an S3 server with an authority of its own runs at ${s3.endpoint}`);
  return s3;
}

function manifests(): readonly Manifest[] {
  return readdirSync(MANIFESTS).flatMap((file) => parseAllDocuments(readFileSync(join(MANIFESTS, file), 'utf8')).map((document) => document.toJS() as Manifest));
}

/** Without the kinds that this Kubernetes does not have, and with small volumes where they may cost money. */
function fitted(all: readonly Manifest[], target: Target, kinds: ReadonlySet<string>): readonly Manifest[] {
  const known = all.filter(({ kind }) => kinds.has(kind));
  const unknown = [...new Set(all.filter(({ kind }) => !kinds.has(kind)).map(({ kind }) => kind))];
  if (unknown.length > 0) say(`left out, because this Kubernetes has no such kind: ${unknown.join(', ')}`);
  if (target.kind !== 'given') return known;
  say(`each volume is ${SMALL} here`);
  for (const { spec } of known.filter(({ kind }) => kind === 'PersistentVolumeClaim')) {
    if (spec?.resources?.requests?.storage !== undefined) spec.resources.requests.storage = SMALL;
  }
  return known;
}

async function kindsOf(cluster: Cluster): Promise<ReadonlySet<string>> {
  const table = await cluster.kubectl.run(['api-resources', '--no-headers']);
  return new Set(table.split('\n').map((line) => line.trim().split(/\s+/).at(-1) ?? ''));
}

/** `backup`: makes a Job that asks the agents for a backup, shows its progress, and ends as the backup ends. */
import { setTimeout as sleep } from 'node:timers/promises';
import { COMPONENT_INSTANCE } from '../../contract/labels.js';
import { backupJob, type BackupAsked } from '../backup-job.js';
import { EXIT, Failure } from '../exit.js';
import { endOf, overdue, progressOf, type JobEnd, type JobProgress } from '../job-progress.js';
import type { Kube } from '../kube.js';
import { findCluster, listPods } from '../observe.js';
import { patiently } from '../patience.js';
import { followLog, type LogSource } from '../pod-log.js';
import { codeOf, explain } from '../refusal.js';

/** Kubernetes' own, on every pod of a Job. */
const JOB_LABEL = 'batch.kubernetes.io/job-name';
const LOOKS_EVERY_MS = 1_000;
/** A log ends with its container, before the Job does: one that goes on for so long after the Job hangs. */
const LOG_AFTER_JOB_MS = 5_000;

export async function backup(kube: Kube, cluster: string, { type, repo, json }: BackupAsked & { readonly json: boolean }): Promise<number> {
  const found = await findCluster(kube, cluster);
  const { namespace } = found;
  const pods = (await listPods(kube, found)).filter(({ component, terminating }) => component === COMPONENT_INSTANCE && !terminating);
  const like = pods.find(({ ready }) => ready) ?? pods[0];
  if (like === undefined) throw new Failure(`cluster ${cluster} has no pods; nobody could make a backup`);
  const began = performance.now();
  const job = await kube.ask(kube.batch.createNamespacedJob({ namespace, body: backupJob(namespace, found.spec, like, { type, repo }) }));
  const name = job.metadata?.name ?? '';
  console.error(`job ${name} asks for the backup; it goes on when this command is ended`);

  const progress = await startedOrEnded(kube, namespace, name);
  // The result alone belongs to a machine.
  const { ok, why } = progress.kind === 'ended' ? progress
    : await follow(kube, name, { namespace, pod: progress.pod, container: 'backup' }, json ? process.stderr : process.stdout);
  if (why !== null) console.error(`job ${name} failed: ${why}`);
  if (json) console.log(JSON.stringify({ cluster, namespace, type, repo, job: name, ok, seconds: Math.round((performance.now() - began) / 100) / 10 }, null, 2));
  else console.log(ok ? `${type} backup to repo ${repo}: done` : `${type} backup to repo ${repo}: failed`);
  return ok ? EXIT.ok : EXIT.failed;
}

/** Says, once each, what keeps it from starting. */
async function startedOrEnded(kube: Kube, namespace: string, name: string): Promise<Exclude<JobProgress, { kind: 'waits' }>> {
  const began = performance.now();
  let told: string | null = null;
  for (;;) {
    const [job, { items }] = await patiently(() => kube.ask(Promise.all([
      kube.batch.readNamespacedJob({ namespace, name }),
      kube.core.listNamespacedPod({ namespace, labelSelector: `${JOB_LABEL}=${name}` }),
    ])));
    const progress = progressOf(job, items[0]);
    if (progress.kind !== 'waits') return progress;
    const late = overdue(name, namespace, progress, performance.now() - began);
    if (late !== null) throw new Failure(late);
    if (progress.why !== null && progress.why !== told) console.error(`the pod waits: ${told = progress.why}`);
    await sleep(LOOKS_EVERY_MS);
  }
}

/** The Job says how it ends, whatever happens to the log. One that broke off goes on after its last line. */
async function follow(kube: Kube, name: string, source: LogSource, to: NodeJS.WritableStream): Promise<JobEnd> {
  const enough = new AbortController();
  let over = false;
  const end = ended(kube, source.namespace, name).finally(() => {
    over = true;
    setTimeout(() => enough.abort(), LOG_AFTER_JOB_MS).unref();
  });
  // Awaited below; until then its failure is nobody's.
  const settled = end.then(() => undefined, () => undefined);
  let last: string | null = null;
  for (let complete = false; !complete;) {
    // What it wrote until the Job ended is in a log that is asked for after that.
    complete = over;
    try {
      for await (const line of followLog(kube, source, last, complete ? AbortSignal.timeout(LOG_AFTER_JOB_MS) : enough.signal)) {
        to.write(`${line.text}\n`);
        last = line.time;
      }
    } catch (error) {
      if (codeOf(error) === 401 || codeOf(error) === 403) throw explain(error, kube.server);
      if (complete) console.error(`the end of its log is not heard (${(error as Error).message}); it is in: kubectl -n ${source.namespace} logs ${source.pod}`);
    }
    if (!complete) await Promise.race([settled, sleep(LOOKS_EVERY_MS)]);
  }
  return end;
}

async function ended(kube: Kube, namespace: string, name: string): Promise<JobEnd> {
  for (;;) {
    const end = endOf(await patiently(() => kube.ask(kube.batch.readNamespacedJob({ namespace, name }))));
    if (end !== null) return end;
    await sleep(LOOKS_EVERY_MS);
  }
}

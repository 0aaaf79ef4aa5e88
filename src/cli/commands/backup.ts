/** `backup`: makes a Job that asks the agents for a backup, shows its progress, and ends as the backup ends. */
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Log, type V1Job, type V1Pod } from '@kubernetes/client-node';
import { COMPONENT_INSTANCE } from '../../contract/labels.js';
import { backupJob, type BackupAsked } from '../backup-job.js';
import { EXIT, Failure } from '../exit.js';
import type { Kube } from '../kube.js';
import { findCluster, listPods } from '../observe.js';

/** Kubernetes' own, on every pod of a Job. */
const JOB_LABEL = 'batch.kubernetes.io/job-name';
const LOOKS_EVERY_MS = 1_000;
/** Without a pod for so long, something keeps it from being made: a quota, an admission. */
const POD_WITHIN_MS = 60_000;

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

  const pod = await startedPod(kube, namespace, name);
  // The result alone belongs to a machine.
  await follow(kube, namespace, pod, json ? process.stderr : process.stdout);
  const ok = await ended(kube, namespace, name);
  if (json) console.log(JSON.stringify({ cluster, namespace, type, repo, job: name, ok, seconds: Math.round((performance.now() - began) / 100) / 10 }, null, 2));
  else console.log(ok ? `${type} backup to repo ${repo}: done` : `${type} backup to repo ${repo}: failed`);
  return ok ? EXIT.ok : EXIT.failed;
}

/** Says, once each, what keeps it from starting. */
async function startedPod(kube: Kube, namespace: string, job: string): Promise<string> {
  const end = performance.now() + POD_WITHIN_MS;
  let told = '';
  for (;;) {
    const { items } = await kube.ask(kube.core.listNamespacedPod({ namespace, labelSelector: `${JOB_LABEL}=${job}` }));
    const pod = items[0];
    if (pod !== undefined && hasStarted(pod)) return pod.metadata?.name ?? '';
    if (pod === undefined && performance.now() > end) {
      throw new Failure(`job ${job} has no pod after ${POD_WITHIN_MS / 1000} s; why: kubectl -n ${namespace} describe job ${job}`);
    }
    const waiting = pod?.status?.containerStatuses?.[0]?.state?.waiting;
    const why = waiting?.reason === undefined || waiting.reason === 'ContainerCreating' ? '' : `${waiting.reason}: ${waiting.message ?? ''}`;
    if (why !== '' && why !== told) console.error(`the pod waits: ${told = why}`);
    await sleep(LOOKS_EVERY_MS);
  }
}

function hasStarted({ status }: V1Pod): boolean {
  const state = status?.containerStatuses?.[0]?.state;
  return state?.running !== undefined || state?.terminated !== undefined;
}

async function follow(kube: Kube, namespace: string, pod: string, to: NodeJS.WritableStream): Promise<void> {
  const lines = new PassThrough();
  lines.pipe(to, { end: false });
  const over = new Promise((resolve) => { lines.once('end', resolve).once('error', resolve); });
  await kube.ask(new Log(kube.config).log(namespace, pod, 'backup', lines, { follow: true }));
  await over;
}

async function ended(kube: Kube, namespace: string, name: string): Promise<boolean> {
  for (;;) {
    const job: V1Job = await kube.ask(kube.batch.readNamespacedJob({ namespace, name }));
    const is = (type: string) => job.status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false;
    if (is('Complete')) return true;
    if (is('Failed')) return false;
    await sleep(LOOKS_EVERY_MS);
  }
}

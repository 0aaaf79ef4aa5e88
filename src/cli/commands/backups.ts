/** `backups`: what the repos hold, as the agent that makes the backups last asked them. */
import { EXIT, Failure } from '../exit.js';
import { bytes, since, table } from '../format.js';
import type { Kube } from '../kube.js';
import { findCluster, observe } from '../observe.js';
import { reportOf, type ClusterReport } from '../report.js';

export async function backups(kube: Kube, cluster: string, { json }: { readonly json: boolean }): Promise<number> {
  const now = new Date();
  const seen = await observe(kube, await findCluster(kube, cluster));
  const report = reportOf(seen, now);
  if (report.backups === null) throw new Failure(`cluster ${cluster} has no backups: give it the prop "backups"`);
  if (report.backups.backups === undefined) {
    throw new Failure(untold(seen.spec.backups?.host !== undefined, report.backups));
  }
  console.log(json ? JSON.stringify(report.backups, null, 2) : holdings(report.backups, now));
  return EXIT.ok;
}

/** Why nobody says what the repos hold. */
export function untold(hasHost: boolean, { repoHost }: NonNullable<ClusterReport['backups']>): string {
  if (!hasHost) return 'the primary, which makes the backups, does not say what the repos hold';
  return repoHost === null ? 'the repo host, which makes the backups, has no pod' : `${repoHost.pod} does not say what the repos hold`;
}

export function holdings({ backups: list = [], archives = [], running }: NonNullable<ClusterReport['backups']>, now: Date): string {
  const sorted = [...list].sort((a, b) => a.repo - b.repo || b.stoppedAt.localeCompare(a.stoppedAt));
  return [
    list.length === 0 ? 'no backup yet' : table(
      ['REPO', 'TYPE', 'BACKUP', 'FINISHED', 'AGE', 'DATABASE', 'ADDED'],
      sorted.map(({ repo, type, label, stoppedAt, size, added }) => [repo, type, label, stoppedAt, since(stoppedAt, now), bytes(size), bytes(added)]),
    ),
    '',
    archives.length === 0 ? 'no archive yet' : table(['REPO', 'ARCHIVE FROM', 'TO'], archives.map(({ repo, min, max }) => [repo, min, max])),
    ...running ? ['', `a ${running.type} backup to repo ${running.repo} runs since ${since(running.since, now)}`] : [],
  ].join('\n');
}

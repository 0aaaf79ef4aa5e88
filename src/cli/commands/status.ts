/** `status`: is it whole, and if not, what is wrong. */
import { EXIT } from '../exit.js';
import { age, bytes, since, table } from '../format.js';
import type { Kube } from '../kube.js';
import { findCluster, findClusters, observe } from '../observe.js';
import { reportOf, type ClusterReport, type LeaseReport } from '../report.js';

export interface StatusOptions {
  readonly json: boolean;
  readonly allNamespaces: boolean;
}

export async function status(kube: Kube, cluster: string | undefined, { json, allNamespaces }: StatusOptions): Promise<number> {
  const found = cluster === undefined ? await findClusters(kube, allNamespaces ? null : kube.namespace) : [await findCluster(kube, cluster)];
  const now = new Date();
  const reports = (await Promise.all(found.map((one) => observe(kube, one)))).map((seen) => reportOf(seen, now));
  if (json) console.log(JSON.stringify(cluster === undefined ? reports : reports[0], null, 2));
  else if (cluster !== undefined) console.log(details(reports[0]!, now));
  else console.log(reports.length > 0 ? overview(reports, now) : `there is no cluster in ${allNamespaces ? 'any namespace' : `namespace ${kube.namespace}`}`);
  return reports.every(({ whole }) => whole) ? EXIT.ok : EXIT.notWhole;
}

export function overview(reports: readonly ClusterReport[], now: Date): string {
  return table(
    ['NAMESPACE', 'CLUSTER', 'POSTGRES', 'STATUS', 'READY', 'PRIMARY', 'TIMELINE', 'LAST BACKUP', 'PROBLEMS'],
    reports.map(({ namespace, cluster, postgresVersion, whole, instances, primary, timeline, backups, problems }) => [
      namespace, cluster, postgresVersion, whole ? 'whole' : 'not whole', `${instances.filter(({ ready }) => ready).length}/${instances.length}`, primary, timeline,
      lastBackup(backups, now), problems.length,
    ]),
  );
}

export function details(report: ClusterReport, now: Date): string {
  const { cluster, namespace, postgresVersion, whole, lease, instances, poolers, problems } = report;
  return [
    `cluster ${cluster} in namespace ${namespace}: PostgreSQL ${postgresVersion}, ${whole ? 'whole' : 'not whole'}`,
    `lease: ${leaseLine(lease)}`,
    ...backupLines(report, now),
    ...poolers.length === 0 ? [] : [`pooler: ${poolers.filter(({ ready }) => ready).length} of ${poolers.length} pods ready`],
    '',
    table(
      ['INSTANCE', 'ROLE', 'READY', 'TIMELINE', 'LSN', 'LAG', 'FROM', 'NODE', 'RESTARTS', 'DOING'],
      instances.map((i) => [
        i.instance, i.role, i.ready ? 'yes' : 'no', i.timeline, i.lsn, i.lagBytes === null ? null : bytes(i.lagBytes), i.upstream, i.node, i.restarts, i.doing,
      ]),
    ),
    ...problems.length === 0 ? [] : ['', 'problems:', ...problems.map(({ where, code, message }) => `  ${where}: ${code}: ${message}`)],
  ].join('\n');
}

function leaseLine(lease: LeaseReport | null): string {
  if (lease === null) return 'nobody has taken it yet';
  const { holder, ageSeconds, expired, term } = lease;
  if (holder === null) return `free, term ${term}`;
  return `instance ${holder}, renewed ${ageSeconds === null ? 'never' : `${age(ageSeconds)} ago`}${expired ? ' (expired)' : ''}, term ${term}`;
}

function backupLines({ backups }: ClusterReport, now: Date): readonly string[] {
  if (backups === null) return ['backups: none'];
  const { archiver, repoHost, running } = backups;
  const archive = archiver === null ? 'not heard of' : archiver.failing ? `failing at ${archiver.lastFailed}, ${archiver.waiting} files wait`
    : archiver.lastArchivedAge === null ? 'nothing archived yet' : `${archiver.lastArchived}, ${age(archiver.lastArchivedAge)} ago, ${archiver.waiting} files wait`;
  return [
    `archive: ${archive}`,
    `last backup: ${lastBackup(backups, now) ?? 'none'}${running ? `; a ${running.type} backup to repo ${running.repo} runs since ${since(running.since, now)}` : ''}`,
    ...repoHost === null ? [] : [`repo host: ${repoHost.pod}, ${repoHost.ready ? 'ready' : 'not ready'}`],
  ];
}

function lastBackup(backups: ClusterReport['backups'], now: Date): string | null {
  const [last] = [...backups?.backups ?? []].sort((a, b) => b.stoppedAt.localeCompare(a.stoppedAt));
  return last === undefined ? null : `${last.type}, ${since(last.stoppedAt, now)}`;
}

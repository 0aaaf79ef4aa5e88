/** How old the backups are, told by whoever makes them: the agent of the repo host, or the leader's; and how the primary's archiver fares. */
import type { Metrics } from './registry.js';
import type { ArchiverStatus } from '../../contract/status.js';
import type { StanzaInfo } from '../backups/pgbackrest.js';

export function backupMetrics(metrics: Metrics, stanza: () => StanzaInfo | null): void {
  metrics.gauge('backup_timestamp_seconds', 'When the newest backup of the repo ended; 0 while there is none.', () => {
    const info = stanza();
    return (info?.repos ?? []).map(({ repo }) => ({
      labels: { repo: `${repo}` },
      value: Math.max(0, ...info!.backups.filter((backup) => backup.repo === repo).map(({ stopped }) => stopped)),
    }));
  });
}

export function archiverMetrics(metrics: Metrics, archiver: () => ArchiverStatus | null): void {
  metrics.gauge('archive_waiting_files', 'Segments and history files that are complete and not archived.', () => archiver()?.waiting ?? null);
  metrics.gauge('archive_age_seconds', 'Since something was archived last.', () => archiver()?.lastArchivedAge ?? null);
}

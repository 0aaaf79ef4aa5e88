import { archiverMetrics, backupMetrics } from '../../../src/agent/metrics/backups.js';
import { Metrics } from '../../../src/agent/metrics/registry.js';

const samples = (metrics: Metrics) => metrics.render().split('\n').filter((line) => line !== '' && !line.startsWith('#'));
const backup = (repo: number, stopped: number) => ({ repo, type: 'full' as const, label: 'x', stopped, size: 1, added: 1 });

test('each repo tells when its newest backup ended, and one without any is older than any limit', () => {
  const metrics = new Metrics(() => ({}));
  backupMetrics(metrics, () => ({ repos: [{ repo: 1, trouble: null }, { repo: 2, trouble: null }], backups: [backup(1, 100), backup(1, 300), backup(1, 200)], archives: [] }));
  expect(samples(metrics)).toEqual(['cdk8s_postgres_backup_timestamp_seconds{repo="1"} 300', 'cdk8s_postgres_backup_timestamp_seconds{repo="2"} 0']);
});

test('who makes no backups and archives nothing tells nothing of either', () => {
  const metrics = new Metrics(() => ({}));
  backupMetrics(metrics, () => null);
  archiverMetrics(metrics, () => null);
  expect(samples(metrics)).toEqual([]);
});

test('a primary tells what waits to be archived, and since when', () => {
  const metrics = new Metrics(() => ({}));
  archiverMetrics(metrics, () => ({ lastArchived: 'a', lastArchivedAge: 12.5, waiting: 3, lastFailed: null, failing: false }));
  expect(samples(metrics)).toEqual(['cdk8s_postgres_archive_waiting_files 3', 'cdk8s_postgres_archive_age_seconds 12.5']);
});

/** All scenarios, in the order in which they are taken up; the longest begin early, so that two lanes end together. */
import { agentKilled } from './agent-killed';
import { apiServerStopped } from './api-server-stopped';
import { appWithCluster } from './app-with-cluster';
import { archiveHole } from './archive-hole';
import { backups } from './backups';
import { brokenImage } from './broken-image';
import { brokenSpec } from './broken-spec';
import { busyBackendFenced } from './busy-backend-fenced';
import { busyBackendKilled } from './busy-backend-killed';
import { certificatesRenewed } from './certificates-renewed';
import { cli } from './cli';
import { cliBackup } from './cli-backup';
import { clientTls } from './client-tls';
import { failoverTiming } from './failover-timing';
import { frozen } from './frozen';
import { gitopsHealth } from './gitops-health';
import { givenCertificate } from './given-certificate';
import { instancesRenamed } from './instances-renamed';
import { metricsAlerts } from './metrics-alerts';
import { metricsExporter } from './metrics-exporter';
import { noDrift } from './no-drift';
import { nodeCut } from './node-cut';
import { podDeleted } from './pod-deleted';
import { podForceDeleted } from './pod-force-deleted';
import { pointInTime } from './point-in-time';
import { poolerFollows } from './pooler-follows';
import { poolerWaits } from './pooler-waits';
import { postmasterKilled } from './postmaster-killed';
import { production } from './production';
import { recreated } from './recreated';
import { replicaFromRepo } from './replica-from-repo';
import { replicaVolumeLost } from './replica-volume-lost';
import { repoDown } from './repo-down';
import { restoreRefused } from './restore-refused';
import { rightsMissing } from './rights-missing';
import { rolloutByJsonPatch } from './rollout-by-json-patch';
import { rolloutByProp } from './rollout-by-prop';
import { rolloutBySetImage } from './rollout-by-set-image';
import { scaledToZero } from './scaled-to-zero';
import { secondPostgres } from './second-postgres';
import { secretsWiped } from './secrets-wiped';
import { staleVolume } from './stale-volume';
import { switchover } from './switchover';
import { unusableData } from './unusable-data';
import { userConfiguration } from './user-configuration';
import { volumeFull } from './volume-full';
import { volumeKinds } from './volume-kinds';
import { walAndTablespaceVolumes } from './wal-and-tablespace-volumes';
import { wrongMajor } from './wrong-major';
import type { Scenario } from '../harness/scenario';

/**
 * What no change may break, in as many minutes as one waits for: the parts of the product together, a rollout, and one fault of each kind (a process,
 * a pod, a node, the API server). `npm test` runs these, and the demo, which restores to a moment; CI runs all.
 */
export const CORE: readonly Scenario[] = [
  production,
  postmasterKilled, agentKilled, podDeleted, podForceDeleted, switchover,
  rolloutByProp, poolerFollows, secondPostgres,
  nodeCut, apiServerStopped,
];

export const SCENARIOS: readonly Scenario[] = [
  volumeFull, walAndTablespaceVolumes, gitopsHealth,
  postmasterKilled, agentKilled, podDeleted, podForceDeleted, switchover,
  frozen, rolloutByProp, rolloutByJsonPatch, rolloutBySetImage, instancesRenamed,
  secondPostgres, busyBackendKilled, busyBackendFenced,
  pointInTime, restoreRefused, replicaFromRepo, production, poolerFollows, poolerWaits, wrongMajor, brokenImage, replicaVolumeLost,
  recreated, secretsWiped, staleVolume, scaledToZero,
  brokenSpec, rightsMissing, unusableData, userConfiguration, volumeKinds, appWithCluster, clientTls, noDrift, cli, metricsExporter, metricsAlerts,
  certificatesRenewed, givenCertificate, backups, repoDown, archiveHole, cliBackup,
  failoverTiming, nodeCut, apiServerStopped,
];

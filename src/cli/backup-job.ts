/** The Job that asks for one backup: the same request as a schedule's, from a pod that is like the cluster's own. Pure. */
import type { V1Job } from '@kubernetes/client-node';
import { Failure } from './exit.js';
import type { PodSeen } from './observe.js';
import { backupRequest } from '../contract/agent-program.js';
import { CLUSTER_LABEL, COMPONENT_BACKUP, COMPONENT_LABEL } from '../contract/labels.js';
import { CERTIFICATES_DIR } from '../contract/paths.js';
import type { BackupsSpec, BackupType, ClusterSpec } from '../contract/spec.js';

/** Of the container that brings the agent into a pod: it has the agent's image. */
const INSTALLER = 'agent';
/** A day: its log is read while it runs, or soon after. */
const KEPT_SECONDS = 86_400;

export interface BackupAsked {
  readonly type: BackupType;
  readonly repo: number;
}

/** Why not, or the Job. `like`: a pod of the cluster, whose image, user and admission are good for this one too. */
export function backupJob(namespace: string, spec: ClusterSpec, like: PodSeen, { type, repo }: BackupAsked): V1Job {
  const { cluster, instances, objects } = spec;
  const backups = askable(spec, repo);
  const installer = like.raw.spec?.initContainers?.find(({ name }) => name === INSTALLER);
  if (installer?.image === undefined) throw new Failure(`pod ${like.name} has no init container "${INSTALLER}" to take the agent's image from`);
  const { securityContext, imagePullSecrets, tolerations } = like.raw.spec!;
  const hosts = backups.host === undefined ? instances.map(({ pod }) => `${pod}.${objects.instancesService}`) : [backups.host];
  const labels = { 'app.kubernetes.io/name': 'postgresql', [CLUSTER_LABEL]: cluster, [COMPONENT_LABEL]: COMPONENT_BACKUP };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { generateName: `${cluster}-${type}-`, namespace, labels },
    spec: {
      // The person sees it fail, and decides.
      backoffLimit: 0,
      ttlSecondsAfterFinished: KEPT_SECONDS,
      template: {
        metadata: { labels },
        spec: {
          restartPolicy: 'Never',
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          securityContext, imagePullSecrets, tolerations,
          containers: [{
            name: 'backup',
            image: installer.image,
            imagePullPolicy: installer.imagePullPolicy,
            command: backupRequest(type, repo, hosts),
            securityContext: installer.securityContext,
            resources: installer.resources,
            volumeMounts: [{ name: 'certificates', mountPath: CERTIFICATES_DIR, readOnly: true }],
          }],
          volumes: [{ name: 'certificates', secret: { secretName: backups.requestSecret, defaultMode: 0o440 } }],
        },
      },
    },
  };
}

function askable({ cluster, backups }: ClusterSpec, repo: number): BackupsSpec {
  if (backups === undefined) throw new Failure(`cluster ${cluster} has no backups: give it the prop "backups"`);
  if (repo > backups.repos.length) throw new Failure(`cluster ${cluster} has no repo ${repo}: ${backups.repos.length === 1 ? 'there is repo 1' : `there are repos 1 to ${backups.repos.length}`}`);
  return backups;
}

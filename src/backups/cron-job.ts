import { ApiObject } from 'cdk8s';
import { ContainerResources, k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import type { BackupSchedule } from './schedule';
import { podSecurityContext, resources, RESTRICTED } from '../agent-pod';
import type { IPostgresCluster } from '../cluster-reference';
import { backupRequest, CERTIFICATES_DIR, COMPONENT_BACKUP } from '../contract';
import { componentLabels, orNothing } from '../labels';
import { ClusterNames } from '../naming';

/** Properties of `BackupCronJob`. */
export interface BackupCronJobProps {
  /** The cluster that is backed up. */
  readonly cluster: IPostgresCluster;

  /** When, what and where to. */
  readonly schedule: BackupSchedule;

  /** Hosts of the agents to ask, one after the other: the first that can makes the backup. */
  readonly hosts: string[];

  /** The agent's image, which has the program that asks. */
  readonly agentImage: string;

  /** User and group id. */
  readonly uid: number;

  /**
   * CPU and memory of each Job's pod.
   *
   * @default - none
   */
  readonly resources?: ContainerResources;

  /**
   * Labels of the CronJob, its Jobs and pods.
   *
   * @default - only the library's own
   */
  readonly labels?: { [key: string]: string };

  /**
   * Annotations of the CronJob, its Jobs and pods.
   *
   * @default - none
   */
  readonly annotations?: { [key: string]: string };
}

/**
 * Asks for a backup at the times of a schedule, and lasts as long as the backup: its log is the backup's progress, its end the backup's.
 * The backup itself runs where the repos are.
 */
export class BackupCronJob extends Construct {
  /** The CronJob, for patches. */
  public readonly cronJob: ApiObject;

  constructor(scope: Construct, id: string, props: BackupCronJobProps) {
    super(scope, id);
    const { clusterName } = props.cluster;
    const { schedule } = props;
    const names = new ClusterNames(clusterName);
    const metadata = { labels: componentLabels(clusterName, COMPONENT_BACKUP, props.labels), annotations: orNothing(props.annotations) };
    this.cronJob = new ApiObject(this, 'Resource', k8s.KubeCronJob.manifest({
      metadata: { ...metadata, name: names.backupCronJob(schedule.repo, schedule.name) },
      spec: {
        schedule: schedule.cron,
        timeZone: schedule.timeZone,
        concurrencyPolicy: 'Forbid',
        // A control plane that was away for longer than this leaves the backup to the next time.
        startingDeadlineSeconds: 600,
        successfulJobsHistoryLimit: 3,
        failedJobsHistoryLimit: 3,
        suspend: false,
        jobTemplate: {
          metadata,
          spec: {
            backoffLimit: 2,
            template: { metadata, spec: podSpec(names, props) },
          },
        },
      },
    }));
  }
}

function podSpec(names: ClusterNames, props: BackupCronJobProps): k8s.PodSpec {
  const { schedule, hosts, agentImage, uid } = props;
  return {
    restartPolicy: 'Never',
    // Nothing of Kubernetes is asked: a certificate that may ask for backups is all that it has.
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: podSecurityContext(uid),
    containers: [{
      name: 'backup',
      image: agentImage,
      imagePullPolicy: 'IfNotPresent',
      command: backupRequest(schedule._type(), schedule.repo, hosts),
      resources: resources(props.resources),
      securityContext: RESTRICTED,
      volumeMounts: [{ name: 'certificates', mountPath: CERTIFICATES_DIR, readOnly: true }],
    }],
    volumes: [{ name: 'certificates', secret: { secretName: names.backupSecret, defaultMode: 0o440 } }],
  };
}

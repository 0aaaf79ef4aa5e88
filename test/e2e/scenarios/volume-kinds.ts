import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import { Size } from 'cdk8s';
import { undisturbed } from './service';
import { PostgresCluster, PostgresVersion, VolumeSource } from '../../../src';
import { DATA_MOUNT } from '../../../src/contract';
import { ClusterNames } from '../../../src/naming';
import type { Cluster } from '../harness/cluster';
import { PodWatch, type Pod } from '../harness/pods';
import { INSTANCES, type Program } from '../harness/program';
import type { Scenario } from '../harness/scenario';
import { eventually, sleep, yes } from '../harness/wait';

const OLD_CLAIM = 'old-data';
const OLD_PATH = 'pgsql/17';
/** Of the ready-made volume's files, which Kubernetes leaves as they are. */
const GROUP = 5001;
const SCRATCH = new ClusterNames('scratch');
const REFUSES_FOR_MS = 8_000;
const ZONE = 'topology.kubernetes.io/zone';
const size = Size.gibibytes(1);

export const volumeKinds: Scenario = {
  name: 'volume-kinds',
  promise: 'a cluster takes over the data of an existing claim, and runs on a ready-made volume by its group and on a node\'s disk; what goes with a pod is cloned anew, and where all has gone no empty database takes its place',
  needsMachine: true,
  begins: 'nothing',
  async run(trial) {
    const { cluster, step } = trial;
    step('a claim with somebody\'s database in it, and a ready-made volume');
    await oldData(cluster);
    await readyMadeVolume(cluster);

    step('a cluster on these and on a node\'s disk, and one on a node\'s disk alone');
    await cluster.apply(programOn(cluster));
    await cluster.healthy(180_000);
    const [one, two, three] = INSTANCES.map(({ name }) => cluster.pod(name));
    for (const pod of [one, two, three]) {
      await eventually(`the old rows on ${pod.name}`, { withinMs: 30_000 }, async () => yes(await cluster.psql(pod, 'SELECT count(*) FROM kept') === '1000'));
    }
    assert.equal(await cluster.psql(one, 'SHOW data_directory'), `${DATA_MOUNT}/${OLD_PATH}`);
    assert.equal(await shell(cluster, two, `stat -c %u:%g ${DATA_MOUNT}`), `0:${GROUP}`, 'Kubernetes has not given the folder to the pod');
    await trial.startClients();

    step(`the pod of instance ${three.instance} goes, and its volume with it`);
    await trial.ledger.mark();
    await cluster.kubectl.run(['delete', 'pod', three.name]);
    await eventually('its new pod', { withinMs: 150_000 }, () => yes((cluster.pods.of(three.instance)?.uid ?? three.uid) !== three.uid));
    await cluster.healthy(120_000);
    await eventually('the word that it was cloned anew', { withinMs: 30_000 }, () => yes(
      cluster.logs.since(new Date(0)).filter(({ instance, fields }) => instance === three.instance && fields.decision === 'clone').length >= 2));
    await undisturbed(trial.ledger);

    step('the cluster on the node\'s disk alone loses all that it has');
    await losesEverything(cluster);
  },
};

function programOn(cluster: Cluster): Program {
  const storage = [
    VolumeSource.existingClaim(OLD_CLAIM),
    VolumeSource.persistentVolume({ matchLabels: { test: cluster.namespace }, supplementalGroups: [GROUP] }),
    VolumeSource.ephemeral(),
  ].map((source) => ({ size, source }));
  return {
    props: { instanceList: INSTANCES.map((instance, index) => ({ ...instance, storage: storage[index], dataPath: index === 0 ? OLD_PATH : undefined })) },
    also: (chart) => new PostgresCluster(chart, 'scratch', {
      version: PostgresVersion.V17, instances: 1, storage: { size, source: VolumeSource.ephemeral() }, images: cluster.target.images,
    }),
  };
}

/** As a PostgreSQL that nobody here knows has left it, in the zone of the first instance. */
async function oldData(cluster: Cluster): Promise<void> {
  const data = `${DATA_MOUNT}/${OLD_PATH}`;
  const script = `mkdir -p ${DATA_MOUNT}/pgsql && initdb -D ${data} -U postgres -A peer --no-sync >/dev/null
    pg_ctl -D ${data} -o "-k /tmp -c listen_addresses=" -w start >/dev/null
    psql -h /tmp -U postgres -qc "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS id"
    pg_ctl -D ${data} -w stop`;
  const metadata = { name: OLD_CLAIM };
  await apply(cluster, {
    apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  }, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata,
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      nodeSelector: { [ZONE]: INSTANCES[0].zone },
      securityContext: { runAsNonRoot: true, runAsUser: 26, runAsGroup: 26, fsGroup: 26, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [{
        name: 'postgres',
        image: cluster.target.images.postgres,
        imagePullPolicy: 'IfNotPresent',
        command: ['sh', '-euc', script],
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        volumeMounts: [{ name: 'data', mountPath: DATA_MOUNT }],
      }],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: OLD_CLAIM } }],
    },
  });
  await eventually('the old database', { withinMs: 120_000 }, async () => {
    const { status } = await cluster.kubectl.json<{ status: { phase: string } }>('get', 'pod', OLD_CLAIM);
    if (status.phase === 'Failed') throw new Error(await cluster.kubectl.run(['logs', OLD_CLAIM]));
    return yes(status.phase === 'Succeeded');
  });
  await cluster.kubectl.run(['delete', 'pod', OLD_CLAIM]);
}

/** A folder of a group's, as an NFS server gives one: Kubernetes changes nothing in volumes of this kind, and removes it with its claim. */
async function readyMadeVolume(cluster: Cluster): Promise<void> {
  const path = `/tmp/${cluster.namespace}-ready-made`;
  mkdirSync(path);
  chownSync(path, 0, GROUP);
  chmodSync(path, 0o770);
  await apply(cluster, {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: `${cluster.namespace}-ready-made`, labels: { test: cluster.namespace } },
    spec: {
      accessModes: ['ReadWriteOnce'],
      capacity: { storage: '1Gi' },
      persistentVolumeReclaimPolicy: 'Delete',
      hostPath: { path, type: 'Directory' },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: ZONE, operator: 'In', values: [INSTANCES[1].zone] }] }] } },
    },
  });
}

/** Its only pod goes, then the object that remembers it too. */
async function losesEverything(cluster: Cluster): Promise<void> {
  const pods = new PodWatch(cluster.kubectl, 'scratch');
  try {
    const first = await eventually('the cluster on the node\'s disk alone', { withinMs: 120_000 }, () => pods.all.find(({ ready }) => ready) ?? null);
    await cluster.kubectl.run(['delete', 'pod', first.name]);
    await refuses(cluster, pods, first);
    await cluster.kubectl.run(['delete', 'configmap', SCRATCH.state]);
    const second = pods.all.find(({ terminating }) => !terminating)!;
    await cluster.kubectl.run(['delete', 'pod', second.name]);
    await refuses(cluster, pods, second);
  } finally {
    pods.close();
  }
}

async function refuses(cluster: Cluster, pods: PodWatch, after: Pod): Promise<void> {
  const told = await eventually('its next pod to say what happened', { withinMs: 90_000 }, async () => {
    const pod = pods.all.find(({ uid, terminating, ip }) => uid !== after.uid && !terminating && ip !== null);
    if (pod === undefined) return null;
    const { problems } = await cluster.status(pod);
    return problems.some(({ code, message }) => code === 'Blocked' && message.startsWith('InitializedWithoutData')) ? pod : null;
  });
  await sleep(REFUSES_FOR_MS);
  const { postgres, data } = await cluster.status(told);
  assert.deepEqual({ postgres, data }, { postgres: 'stopped', data: 'absent' }, 'nothing was initialized');
}

async function apply(cluster: Cluster, ...items: object[]): Promise<void> {
  await cluster.kubectl.apply(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
}

async function shell(cluster: Cluster, pod: Pod, script: string): Promise<string> {
  return (await cluster.kubectl.run(['exec', pod.name, '--container=postgres', '--', 'sh', '-euc', script])).trim();
}

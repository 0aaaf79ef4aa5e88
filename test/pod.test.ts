import { JsonPatch, Size } from 'cdk8s';
import { AGENT_ENV } from '../src/contract';
import { Manifest, program, render } from './synth/render';

const full = () => render({
  walStorage: { size: Size.gibibytes(4) },
  tablespaces: [{ name: 'archive', storage: { size: Size.gibibytes(5) } }, { name: 'old_data', storage: { size: Size.gibibytes(5) } }],
});

test('one StatefulSet per instance, of one pod, that nobody but the agents restarts', () => {
  for (const name of ['1', '2', '3']) {
    const { spec } = render().one('StatefulSet', `orders-${name}`);
    expect(spec).toMatchObject({
      replicas: 1,
      serviceName: 'orders-instances',
      podManagementPolicy: 'OrderedReady',
      updateStrategy: { type: 'OnDelete' },
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
      selector: { matchLabels: { 'cdk8s-postgres/cluster': 'orders', 'cdk8s-postgres/component': 'instance', 'cdk8s-postgres/instance': name } },
    });
    expect(spec).not.toHaveProperty('volumeClaimTemplates');
    expect(spec.template.metadata.labels).toMatchObject(spec.selector.matchLabels);
    expect(spec.template.spec.terminationGracePeriodSeconds).toBe(120);
  }
});

test('a change of settings, users or databases touches no pod', () => {
  const changed = render({ parameters: { work_mem: '64MB' }, users: [{ name: 'app' }, { name: 'report' }], databases: [{ name: 'shop' }] });
  expect(changed.ofKind('StatefulSet')).toEqual(render().ofKind('StatefulSet'));
});

test('the agent is copied by an init container and started by PID 1, whatever image PostgreSQL comes in', () => {
  expect(render().container('agent').command).toEqual(['/opt/agent/pgguard', 'install', '--from', '/opt/agent', '--to', '/agent']);
  const postgres = render().container();
  expect(postgres.command).toEqual([
    '/agent/pgguard', 'init', '--', '/agent/ld.so', '--library-path', '/agent/lib', '/agent/bin/node', '/agent/agent.cjs',
  ]);
  expect(postgres).not.toHaveProperty('args');
  expect(mountOf(postgres, '/agent').readOnly).toBe(true);
});

test('the pod meets Pod Security level "restricted", with a root file system that nobody writes', () => {
  const { spec } = full().pod();
  expect(spec.securityContext).toEqual({
    runAsNonRoot: true, runAsUser: 26, runAsGroup: 26, fsGroup: 26, fsGroupChangePolicy: 'OnRootMismatch', seccompProfile: { type: 'RuntimeDefault' },
  });
  for (const container of [...spec.initContainers, ...spec.containers]) {
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, readOnlyRootFilesystem: true, runAsNonRoot: true,
    });
  }
  for (const volume of spec.volumes) {
    expect(Object.keys(volume).filter((key) => key !== 'name')).toEqual([expect.stringMatching(/^(persistentVolumeClaim|emptyDir|configMap)$/)]);
  }
});

test('the uid is one number everywhere: process, files and passwd', () => {
  const manifests = render({ uid: 999 });
  expect(manifests.pod().spec.securityContext).toMatchObject({ runAsUser: 999, runAsGroup: 999, fsGroup: 999 });
  expect(manifests.one('ConfigMap', 'orders-spec').data.passwd).toContain('postgres:x:999:999:');
  expect(mountOf(manifests.container(), '/etc/passwd')).toMatchObject({ subPath: 'passwd', readOnly: true });
});

test('the agent knows from its environment who and where it is', () => {
  const environment = Object.fromEntries(render().container('postgres', '2').env.map((entry: Manifest) => [
    entry.name, entry.value ?? entry.valueFrom.fieldRef.fieldPath,
  ]));
  expect(environment).toEqual({
    [AGENT_ENV.instance]: '2',
    [AGENT_ENV.specConfigMap]: 'orders-spec',
    [AGENT_ENV.podName]: 'metadata.name',
    [AGENT_ENV.podNamespace]: 'metadata.namespace',
    [AGENT_ENV.podUid]: 'metadata.uid',
    [AGENT_ENV.podIp]: 'status.podIP',
    [AGENT_ENV.nodeName]: 'spec.nodeName',
  });
});

test('data, write-ahead log and each tablespace are mounted from claims of their own', () => {
  const pod = full().pod('2').spec;
  const claims = Object.fromEntries(pod.containers[0].volumeMounts.map((mount: Manifest) => [
    mount.mountPath, pod.volumes.find(({ name }: Manifest) => name === mount.name).persistentVolumeClaim?.claimName,
  ]).filter(([, claim]: [string, string | undefined]) => claim));
  expect(claims).toEqual({
    '/pgdata': 'orders-2-data',
    '/pgwal': 'orders-2-wal',
    '/tablespaces/archive': 'orders-2-archive-tablespace',
    '/tablespaces/old_data': expect.stringMatching(/^orders-2-old-data-tablespace-[0-9a-f]{8}$/),
  });
});

test('keys and shared memory lie in memory, never on a disk', () => {
  const { spec } = render().pod();
  for (const path of ['/run/certificates', '/dev/shm']) {
    const { name } = mountOf(spec.containers[0], path);
    expect(spec.volumes.find((volume: Manifest) => volume.name === name).emptyDir).toEqual({ medium: 'Memory' });
  }
});

test('the agent answers the probes, and only a minute of silence gets a container killed', () => {
  const { livenessProbe, readinessProbe, startupProbe } = render().container();
  expect(livenessProbe.httpGet).toEqual({ path: '/livez', port: 8008, scheme: 'HTTP' });
  expect(livenessProbe.periodSeconds * livenessProbe.failureThreshold).toBeGreaterThanOrEqual(60);
  expect(readinessProbe).toMatchObject({ httpGet: { path: '/readyz', port: 8008, scheme: 'HTTP' }, periodSeconds: 2, timeoutSeconds: 2 });
  expect(startupProbe).toBeUndefined();
});

test('a user\'s patch reaches the output whole, also with fields that this library has never heard of', () => {
  const { cluster } = program();
  cluster.instances[0].statefulSet.addJsonPatch(JsonPatch.add('/spec/template/spec/fieldOfTheFuture', { deep: ['1'] }));
  expect(cluster.instances[0].statefulSet.toJson().spec.template.spec.fieldOfTheFuture).toEqual({ deep: ['1'] });
});

function mountOf(container: Manifest, path: string): Manifest {
  return container.volumeMounts.find(({ mountPath }: Manifest) => mountPath === path);
}

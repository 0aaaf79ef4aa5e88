/** All that the agent does with Kubernetes' objects, on the synthesized manifests and with no more rights than the synthesized Role gives. */
import { mkdtempSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ApiServer } from './support/api-server';
import { apply, bindAgent, diff, NAMESPACE, synthesize } from './support/orders';
import { must, until } from './support/results';
import { KubeClaims } from '../../../src/agent/kube/claims.js';
import { KubeEvents } from '../../../src/agent/kube/events.js';
import { KubePods } from '../../../src/agent/kube/pods.js';
import { KubeSecrets } from '../../../src/agent/kube/secrets.js';
import { KubeSpecSource } from '../../../src/agent/kube/spec.js';
import { KubeStateStore } from '../../../src/agent/kube/state.js';
import { KubeStatefulSets } from '../../../src/agent/kube/stateful-sets.js';
import { KubeEndpointSlices } from '../../../src/agent/routing/endpoint-slice.js';
import { repairRoles } from '../../../src/agent/routing/role-label.js';
import { SPEC_KEY, SYSTEM_ID_ANNOTATION } from '../../../src/contract';

const { manifests, spec } = synthesize();
let server: ApiServer;
const agent = () => server.api('agent', NAMESPACE);
const kubectl = (...args: string[]) => server.kubectl(['-n', NAMESPACE, ...args]);
const get = (...args: string[]) => JSON.parse(kubectl('get', ...args, '-o', 'json')) as { metadata: Record<string, unknown>; [field: string]: unknown };

beforeAll(async () => {
  server = await ApiServer.start();
  apply(server, manifests);
  bindAgent(server, manifests);
}, 90_000);
afterAll(() => server.stop());

describe('the state', () => {
  const store = () => new KubeStateStore(agent(), spec.objects.state, spec.cluster);
  const empty = { systemId: null, initialized: false, initClaim: null, founder: null, highestTimeline: 0 };

  test('is made once, changed only from the version that was read, and has no owner that could take it along', async () => {
    expect(must(await store().get())).toEqual({ kind: 'absent' });
    const first = must(await store().create(empty));
    expect(await store().create(empty)).toMatchObject({ ok: false, kind: 'exists' });
    const claimed = must(await store().replace(first, { ...empty, initClaim: 'pod-1/1' }));
    expect(await store().replace(first, { ...empty, initClaim: 'pod-2/1' })).toMatchObject({ ok: false, kind: 'conflict' });
    expect(must(await store().get())).toEqual({ kind: 'present', record: claimed });
    expect(get('configmap', spec.objects.state).metadata.ownerReferences).toBeUndefined();
  });

  test('of another format is unreadable and says why', async () => {
    kubectl('patch', 'configmap', spec.objects.state, '--type=merge', '-p', JSON.stringify({ data: { 'state.json': '{"v":9}' } }));
    expect(must(await store().get())).toMatchObject({ kind: 'unreadable', why: expect.stringContaining(`ConfigMap ${spec.objects.state}`) as string });
  });
});

describe('the spec', () => {
  const name = manifests.find(({ kind }) => kind === 'ConfigMap')!.metadata.name;
  const good = JSON.stringify(spec);
  const kept = () => join(mkdtempSync(join(server.directory, 'kept-')), 'agent', 'spec.json');
  const put = (text: string) => kubectl('patch', 'configmap', name, '--type=merge', '-p', JSON.stringify({ data: { [SPEC_KEY]: text } }));
  beforeEach(() => put(good));

  test('is what was synthesized', async () => {
    expect(await new KubeSpecSource(agent(), name, kept()).read()).toEqual({ spec, problem: null });
  });

  test('with fields of a newer library is followed', async () => {
    put(JSON.stringify({ ...spec, later: { feature: true }, timing: { ...spec.timing, later: 1 } }));
    expect(await new KubeSpecSource(agent(), name, kept()).read()).toEqual({ spec, problem: null });
  });

  test.each([
    ['is no JSON', '{', 'JSON'],
    ['lacks a field', JSON.stringify({ ...spec, objects: { ...spec.objects, lease: undefined } }), 'objects.lease'],
    ['is of another version', JSON.stringify({ ...spec, specVersion: 2 }), 'specVersion'],
    ['has timings that are not safe', JSON.stringify({ ...spec, timing: { ...spec.timing, killAfter: 60_000 } }), 'timing is not safe'],
  ])('that %s leaves the last good one in use and says why, until it is corrected', async (_, text, why) => {
    const source = new KubeSpecSource(agent(), name, kept());
    await source.read();
    put(text);
    expect(await source.read()).toEqual({ spec, problem: expect.stringContaining(why) as string });
    put(JSON.stringify({ ...spec, parameters: { work_mem: '8MB' } }));
    expect(await source.read()).toEqual({ spec: { ...spec, parameters: { work_mem: '8MB' } }, problem: null });
  });

  test('that was good is still there for the next agent on this volume, when the ConfigMap is gone', async () => {
    const file = kept();
    await new KubeSpecSource(agent(), name, file).read();
    await until(async () => await readFile(file, 'utf8').catch(() => '') === good);
    const forbidden = new KubeSpecSource(server.api('agent', 'default'), name, file);
    expect(await forbidden.read()).toEqual({ spec, problem: expect.stringContaining('could not be read') as string });
  });
});

describe('a Secret', () => {
  const name = spec.objects.serverSecret;

  test('that was synthesized without data is filled in place, and Git still sees no difference', async () => {
    const secrets = new KubeSecrets(agent());
    const before = must(await secrets.get(name));
    expect(before.data).toEqual({});
    const filled = must(await secrets.fill(name, before, { 'tls.key': 'ä', 'tls.crt': 'c' }));
    expect(filled.data).toEqual({ 'tls.key': 'ä', 'tls.crt': 'c' });
    const manifest = manifests.filter(({ metadata }) => metadata.name === name);
    expect(diff(server, manifest)).toBe('');
    apply(server, manifest);
    expect(must(await secrets.get(name)).data).toEqual(filled.data);
  });

  test('that somebody else has filled meanwhile is left alone', async () => {
    const secrets = new KubeSecrets(agent());
    const before = must(await secrets.get(name));
    must(await secrets.fill(name, before, { 'tls.key': 'first' }));
    expect(await secrets.fill(name, before, { 'tls.key': 'second' })).toMatchObject({ ok: false, kind: 'conflict' });
    expect(must(await secrets.get(name)).data['tls.key']).toBe('first');
  });

  test('of somebody else cannot be read', async () => {
    kubectl('create', 'secret', 'generic', 'other', '--from-literal=a=b');
    expect(await new KubeSecrets(agent()).get('other')).toMatchObject({ ok: false, kind: 'forbidden' });
  });
});

describe('claims and StatefulSets', () => {
  test('carry the system id once an agent has said it, next to their instance', async () => {
    const claims = new KubeClaims(agent(), spec.cluster);
    const { dataClaim, name } = spec.instances[1]!;
    must(await claims.annotate(dataClaim!, '7432198765432109876'));
    const listed = must(await claims.list());
    expect(listed).toHaveLength(3);
    expect(listed.filter(({ systemId }) => systemId !== null)).toEqual([{ name: dataClaim, instance: name, systemId: '7432198765432109876' }]);
  });

  test('that somebody else made are seen too where the spec names them, with their mark, so that no initdb runs beside them', async () => {
    apply(server, [{
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'ready-made', namespace: NAMESPACE, annotations: { [SYSTEM_ID_ANNOTATION]: '7432198765432109877' } },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    }]);
    const known = new KubeClaims(agent(), spec.cluster, () => ['ready-made', 'not-there-yet']);
    expect(must(await known.list()).find(({ name }) => name === 'ready-made')).toEqual({ name: 'ready-made', instance: null, systemId: '7432198765432109877' });
    expect(must(await new KubeClaims(agent(), spec.cluster).list()).map(({ name }) => name)).not.toContain('ready-made');
  });

  test('have no revision that could be trusted before their controller has seen the newest template', async () => {
    const sets = new KubeStatefulSets(agent(), spec.cluster);
    const { statefulSet } = spec.instances[0]!;
    const revision = async () => must(await sets.list()).find(({ name }) => name === statefulSet)!.updateRevision;
    expect(await revision()).toBeNull();
    const { generation } = get('statefulset', statefulSet).metadata as { generation: number };
    const status = (observedGeneration: number) => kubectl('patch', 'statefulset', statefulSet, '--subresource=status', '--type=merge', '-p',
      JSON.stringify({ status: { observedGeneration, updateRevision: 'orders-1-abc', replicas: 1 } }));
    status(generation);
    expect(await revision()).toBe('orders-1-abc');
    kubectl('patch', 'statefulset', statefulSet, '--type=merge', '-p', '{"spec":{"template":{"metadata":{"annotations":{"new":"template"}}}}}');
    expect(await revision()).toBeNull();
  });
});

describe('pods', () => {
  const labels = (instance: string) => ({
    'cdk8s-postgres/cluster': spec.cluster, 'cdk8s-postgres/component': 'instance', 'cdk8s-postgres/instance': instance, 'controller-revision-hash': 'r1',
  });
  const podOf = ({ name, pod }: typeof spec.instances[number]) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: pod, namespace: NAMESPACE, labels: labels(name) },
    spec: { nodeName: 'node-a', terminationGracePeriodSeconds: 30, containers: [{ name: 'postgres', image: 'postgres' }] },
  });
  const pods = () => new KubePods(agent(), spec.cluster);
  beforeEach(() => {
    kubectl('delete', 'pod', '--all', '--force');
    apply(server, spec.instances.map(podOf));
  });

  test('are seen with their node, address, readiness, revision and how their container ended', async () => {
    const { pod, name } = spec.instances[0]!;
    kubectl('patch', 'pod', pod, '--subresource=status', '--type=merge', '-p', JSON.stringify({
      status: {
        podIP: '10.1.2.3',
        conditions: [{ type: 'Ready', status: 'True' }],
        containerStatuses: [{
          name: 'postgres',
          ready: true,
          restartCount: 1,
          image: 'postgres',
          imageID: '',
          state: { running: { startedAt: null } },
          lastState: { terminated: { exitCode: 137, reason: 'OOMKilled', containerID: 'containerd://abc', startedAt: null, finishedAt: null } },
        }],
      },
    }));
    const seen = must(await pods().list());
    expect(seen).toHaveLength(3);
    expect(seen.find((one) => one.name === pod)).toEqual({
      name: pod,
      uid: get('pod', pod).metadata.uid,
      instance: name,
      ip: '10.1.2.3',
      nodeName: 'node-a',
      ready: true,
      terminating: false,
      revision: 'r1',
      role: null,
      terminations: [{ container: 'postgres', containerId: 'containerd://abc', exitCode: 137, reason: 'OOMKilled' }],
    });
  });

  test('are deleted only when they are still the pod that was meant', async () => {
    const { pod } = spec.instances[0]!;
    const uid = get('pod', pod).metadata.uid as string;
    expect(await pods().delete({ name: pod, uid: 'another' })).toMatchObject({ ok: false, kind: 'conflict' });
    must(await pods().delete({ name: pod, uid }));
    expect(must(await pods().list()).find((one) => one.name === pod)).toMatchObject({ uid, terminating: true });
  });

  test('lose the primary\'s label before another gets it, whatever was there before; terminating ones are left alone', async () => {
    const [a, b, c] = spec.instances.map(({ pod }) => pod) as [string, string, string];
    kubectl('label', 'pod', a, 'cdk8s-postgres/role=primary');
    kubectl('label', 'pod', c, 'cdk8s-postgres/role=primary');
    kubectl('delete', 'pod', c, '--wait=false');
    const seen = must(await pods().list());
    const uid = seen.find(({ name }) => name === b)!.uid;
    const own = pods();
    const labelled = jest.spyOn(own, 'labelRole');
    expect(must(await repairRoles(own, seen, uid))).toEqual([a, b]);
    expect(labelled.mock.calls.map(([pod]) => pod.name)).toEqual([a, b]);
    const roles = Object.fromEntries(must(await pods().list()).map(({ name, role }) => [name, role]));
    expect(roles).toEqual({ [a]: 'replica', [b]: 'primary', [c]: 'primary' });
  });

  test('of another life under the same name do not get the label that was meant for the old one', async () => {
    const { pod } = spec.instances[0]!;
    expect(await pods().labelRole({ name: pod, uid: '00000000-0000-0000-0000-000000000000' }, 'primary')).toMatchObject({ ok: false, kind: 'conflict' });
  });

  test('wake their watcher when one changes', async () => {
    let wakes = 0;
    const stop = new AbortController();
    const watching = pods().watch(() => { wakes += 1; }, stop.signal);
    await until(() => wakes > 0);
    const before = wakes;
    kubectl('label', 'pod', spec.instances[0]!.pod, 'some=thing');
    await until(() => wakes > before);
    stop.abort();
    await watching;
  });

  test('carry the events that are told on them; what was told is not repeated', async () => {
    const { pod } = spec.instances[0]!;
    const events = new KubeEvents(agent(), { name: pod, uid: get('pod', pod).metadata.uid as string });
    events.tell('Warning', 'MajorMismatch', 'the spec wants 18, the data is of 17');
    events.tell('Warning', 'MajorMismatch', 'the spec wants 18, the data is of 17');
    events.tell('Normal', 'Promoted', 'x'.repeat(2000));
    const told = () => (JSON.parse(kubectl('get', 'events.events.k8s.io', '-o', 'json')) as { items: { reason: string; regarding: { name: string } }[] }).items
      .filter(({ regarding }) => regarding.name === pod);
    await until(() => told().length === 2);
    expect(told().map(({ reason }) => reason).sort()).toEqual(['MajorMismatch', 'Promoted']);
  });
});

describe('the slice of the read-write Service', () => {
  const { endpointSlice, readWriteService } = spec.objects;
  const slices = () => new KubeEndpointSlices(agent(), { slice: endpointSlice, service: readWriteService, cluster: spec.cluster });
  const a = { ip: '10.1.0.1', podName: 'orders-1-0', podUid: 'uid-1', nodeName: 'node-a' };
  const b = { ...a, ip: '10.1.0.2', podName: 'orders-2-0', podUid: 'uid-2' };
  beforeEach(() => kubectl('delete', 'endpointslice', endpointSlice, '--ignore-not-found'));

  test('is made when it is missing, belongs to the Service and leads to the one pod', async () => {
    expect(must(await slices().current())).toEqual([]);
    must(await slices().publish(a));
    expect(must(await slices().current())).toEqual(['10.1.0.1']);
    expect(get('endpointslice', endpointSlice)).toMatchObject({
      metadata: {
        labels: { 'kubernetes.io/service-name': readWriteService, 'endpointslice.kubernetes.io/managed-by': 'cdk8s-postgres-agent' },
        ownerReferences: [{ kind: 'Service', name: readWriteService, uid: get('service', readWriteService).metadata.uid }],
      },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.1.0.1'], conditions: { ready: true }, nodeName: 'node-a', targetRef: { kind: 'Pod', name: 'orders-1-0', uid: 'uid-1' } }],
      ports: [{ name: 'postgres', port: 5432, protocol: 'TCP' }],
    });
  });

  test('is taken over by a successor that has never read it, in one write', async () => {
    must(await slices().publish(a));
    const generation = () => get('endpointslice', endpointSlice).metadata.generation as number;
    const before = generation();
    must(await slices().publish(b));
    expect(must(await slices().current())).toEqual(['10.1.0.2']);
    expect(generation()).toBe(before + 1);
  });

  test('is written again only when something differs, and gets its owner back', async () => {
    must(await slices().publish(a));
    expect(must(await slices().ensure(a))).toBe(false);
    must(await slices().publish(b));
    expect(must(await slices().ensure(b))).toBe(true);
    expect(get('endpointslice', endpointSlice).metadata.ownerReferences).toHaveLength(1);
    expect(must(await slices().ensure(b))).toBe(false);
    kubectl('delete', 'endpointslice', endpointSlice);
    expect(must(await slices().ensure(b))).toBe(true);
  });

  test('is emptied by its holder, never by one whom a successor has replaced', async () => {
    must(await slices().publish(b));
    expect(must(await slices().empty(a.ip))).toBe(false);
    expect(must(await slices().current())).toEqual([b.ip]);
    expect(must(await slices().empty(b.ip))).toBe(true);
    expect(must(await slices().current())).toEqual([]);
    expect(must(await slices().empty(null))).toBe(false);
  });
});

import { Routing, ServiceType } from '../src/index';
import { program, render } from './synth/render';

const instances = { 'cdk8s-postgres/cluster': 'orders', 'cdk8s-postgres/component': 'instance' };
const service = (name: string, routing?: Routing) => render({ routing }).one('Service', name).spec;

test('the read-write Service selects nothing: the leader keeps its address', () => {
  expect(service('orders-rw')).toEqual({
    type: 'ClusterIP',
    sessionAffinity: 'None',
    ports: [{ name: 'postgres', port: 5432, targetPort: 5432, protocol: 'TCP' }],
  });
  expect(render().spec()).toMatchObject({ routing: 'endpointSlice', objects: { readWriteService: 'orders-rw', endpointSlice: 'orders-rw-leader' } });
});

test('with routing by selector it selects the primary by its label', () => {
  expect(service('orders-rw', Routing.SELECTOR).selector).toEqual({ ...instances, 'cdk8s-postgres/role': 'primary' });
  expect(render({ routing: Routing.SELECTOR }).spec().routing).toBe('selector');
});

test('reads go to replicas alone, or to any instance', () => {
  expect(service('orders-ro').selector).toEqual({ ...instances, 'cdk8s-postgres/role': 'replica' });
  expect(service('orders-r').selector).toEqual(instances);
});

test('instances find each other by name before they are ready', () => {
  expect(service('orders-instances')).toMatchObject({ clusterIP: 'None', publishNotReadyAddresses: true, selector: instances });
  expect(service('orders-instances').ports.map(({ name, port }: { name: string; port: number }) => [name, port]))
    .toEqual([['postgres', 5432], ['health', 8008], ['api', 8009]]);
});

test('every port has a name and a protocol, so that server-side apply can merge the lists', () => {
  for (const { spec } of render().ofKind('Service')) {
    for (const port of spec.ports) expect(port).toEqual({ name: expect.any(String), port: expect.any(Number), targetPort: port.port, protocol: 'TCP' });
  }
});

test('each Service has its own type, annotations and networks, and the others stay as they are', () => {
  const manifests = render({
    annotations: { tier: 'gold' },
    services: {
      rw: { type: ServiceType.LOAD_BALANCER, annotations: { 'example.com/lb': 'internal' }, loadBalancerSourceRanges: ['10.0.0.0/8', '2001:db8::/32'] },
      ro: { type: ServiceType.NODE_PORT },
    },
  });
  expect(manifests.one('Service', 'orders-rw')).toMatchObject({
    metadata: { annotations: { 'tier': 'gold', 'example.com/lb': 'internal' } },
    spec: { type: 'LoadBalancer', loadBalancerSourceRanges: ['10.0.0.0/8', '2001:db8::/32'] },
  });
  expect(manifests.one('Service', 'orders-ro').spec.type).toBe('NodePort');
  expect(manifests.one('Service', 'orders-r')).toEqual(render({ annotations: { tier: 'gold' } }).one('Service', 'orders-r'));
});

test.each([
  [{ rw: { loadBalancerSourceRanges: ['10.0.0.0/8'] } }, '"services.rw.loadBalancerSourceRanges" is given for a Service of type ClusterIP'],
  [{ r: { type: ServiceType.LOAD_BALANCER, loadBalancerSourceRanges: ['everybody'] } }, '"services.r.loadBalancerSourceRanges" has "everybody"'],
  [{ r: { type: ServiceType.LOAD_BALANCER, loadBalancerSourceRanges: ['10.0.0.999/99'] } }, '"services.r.loadBalancerSourceRanges" has "10.0.0.999/99"'],
  [{ ro: { annotations: { 'cdk8s-postgres/x': '1' } } }, '"services.ro.annotations" sets "cdk8s-postgres/x"'],
])('%j is refused', (services, message) => {
  expect(() => program({ services })).toThrow(message);
});

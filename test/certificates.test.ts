import { Duration } from 'cdk8s';
import type { CertificateOptions } from '../src/index';
import { Manifest, render } from './synth/render';

const GIVEN: CertificateOptions = { serverTlsSecret: 'orders-tls' };

test('without the prop the settings do not speak of certificates', () => {
  expect(render().spec()).not.toHaveProperty('certificates');
});

test('a given certificate\'s Secret is read by the agents, by its name, and neither written nor synthesized', () => {
  const manifests = render({ certificates: GIVEN });
  const secrets = manifests.one('Role', 'orders-agent').rules.filter(({ resources }: Manifest) => resources.includes('secrets'));
  expect(secrets.map(({ verbs, resourceNames }: Manifest) => [verbs, resourceNames.includes('orders-tls'), resourceNames.length])).toEqual([
    [['get', 'update'], false, 9], [['get'], true, 1],
  ]);
  expect(manifests.ofKind('Secret').map(({ metadata }) => metadata.name)).not.toContain('orders-tls');
  expect(manifests.spec().certificates).toEqual({ server: { secret: 'orders-tls' } });
});

test('the exporter, which sees its server as localhost, asks such a certificate for its authority and not for that name', () => {
  const source = (certificates?: CertificateOptions) => render({ metrics: {}, certificates }).container('exporter').env[0].value;
  expect(source(GIVEN)).toMatch(/@127\.0\.0\.1:5432\/postgres\?sslmode=verify-ca&/);
  expect(source({ duration: Duration.days(90) })).toMatch(/@localhost:5432\/postgres\?sslmode=verify-full&/);
});

test('no pod is made anew for how long certificates are valid', () => {
  const pods = (certificates?: CertificateOptions) => JSON.stringify(render({ metrics: {}, pooler: {}, certificates }).ofKind('StatefulSet'));
  expect(pods({ duration: Duration.days(30) })).toEqual(pods());
});

test.each<[string, CertificateOptions, object]>([
  ['the name that it must carry', { ...GIVEN, serverName: 'orders.example.com' }, { server: { secret: 'orders-tls', name: 'orders.example.com' } }],
  ['a duration, with a third of it for the renewal', { duration: Duration.days(90) }, { validity: { duration: 7_776_000, renewBefore: 2_592_000 } }],
  ['a time for the renewal within the usual year', { renewBefore: Duration.days(30) }, { validity: { duration: 31_536_000, renewBefore: 2_592_000 } }],
  ['the shortest there is', { duration: Duration.minutes(10), renewBefore: Duration.seconds(570) }, { validity: { duration: 600, renewBefore: 570 } }],
])('the agents are told %s', (_, certificates, spec) => {
  expect(render({ certificates }).spec().certificates).toEqual(spec);
});

test.each<[string, CertificateOptions, string]>([
  ['no name of a Secret', { serverTlsSecret: 'Orders_TLS' }, '"certificates.serverTlsSecret" is "Orders_TLS"'],
  ['a Secret that the agents fill', { serverTlsSecret: 'orders-server' }, 'which the agents fill themselves; give your certificate a Secret of another name'],
  ['a user\'s Secret', { serverTlsSecret: 'orders-app-user' }, 'which the agents fill themselves'],
  ['a wildcard for a name', { ...GIVEN, serverName: '*.example.com' }, '"certificates.serverName" is "*.example.com"'],
  ['a name without a certificate', { serverName: 'orders.example.com' }, '"certificates.serverName" is given without "serverTlsSecret"'],
  ['certificates for a minute', { duration: Duration.minutes(1) }, '"certificates.duration" is 60 s; give 10 minutes to two years'],
  ['certificates for ever', { duration: Duration.days(4000) }, '"certificates.duration" is 345600000 s'],
  ['parts of a second', { duration: Duration.millis(900_500) }, '"certificates.duration" is 900.5 s; give whole seconds'],
  ['a renewal at the last moment', { duration: Duration.days(1), renewBefore: Duration.minutes(1) }, '"certificates.renewBefore" is 60 s; give 2 minutes or more'],
  ['a renewal before the first day', { duration: Duration.days(1), renewBefore: Duration.days(1) }, 'give at least 30 s less than that'],
])('%s is refused', (_, certificates, message) => {
  expect(() => render({ certificates })).toThrow(message);
});

import { ClientTls, HbaConnection, HbaMethod, PostgresClusterProps } from '../src/index';
import { render } from './synth/render';

const SCRAM = { method: HbaMethod.SCRAM_SHA_256 };
const CERT = { method: HbaMethod.CERT };
const REJECT = { method: HbaMethod.REJECT };

test('TLS and a password are the default, and to spell it out changes no byte', () => {
  expect(render().spec()).not.toHaveProperty('clientTls');
  expect(render({ tls: ClientTls.REQUIRE, pooler: {} }).all).toEqual(render({ pooler: {} }).all);
});

test.each([ClientTls.DISABLE, ClientTls.ALLOW, ClientTls.VERIFY])('"%s" reaches the agents by the settings alone: no pod, no policy and no right is another', (tls) => {
  const props = { pooler: {}, metrics: {} };
  const [before, after] = [render(props), render({ ...props, tls })];
  expect(after.spec()).toEqual({ ...before.spec(), clientTls: tls });
  const others = ({ all }: typeof before) => all.filter(({ metadata }) => metadata.name !== 'orders-spec');
  expect(others(after)).toEqual(others(before));
});

test.each<[ClientTls, HbaConnection]>([
  [ClientTls.REQUIRE, HbaConnection.HOSTSSL], [ClientTls.VERIFY, HbaConnection.HOSTSSL], [ClientTls.ALLOW, HbaConnection.HOST], [ClientTls.DISABLE, HbaConnection.HOST],
])('under "%s" a rule that does not say otherwise speaks of all that clients may come by, so that nobody is kept out by half', (tls, connection) => {
  expect(render({ tls, hba: [SCRAM, REJECT] }).spec().hba?.map((rule) => rule.connection)).toEqual([connection, connection]);
});

test('rules may be stricter than the rest', () => {
  const rules = (props: Partial<PostgresClusterProps>) => render(props).spec().hba?.map(({ connection, method }) => `${connection} ${method}`);
  expect(rules({ tls: ClientTls.ALLOW, hba: [CERT, { connection: HbaConnection.HOSTNOSSL, ...REJECT }] })).toEqual(['hostssl cert', 'hostnossl reject']);
  expect(rules({ tls: ClientTls.VERIFY, hba: [CERT, { connection: HbaConnection.HOST, ...REJECT }] })).toEqual(['hostssl cert', 'host reject']);
});

test.each<[string, Partial<PostgresClusterProps>, string]>([
  ['a word that is none', { tls: 'prefer' as ClientTls }, '"tls" is "prefer"; use one of ClientTls'],
  ['a rule that lets in without a certificate', { tls: ClientTls.VERIFY, hba: [{ connection: HbaConnection.HOST, ...SCRAM }] },
    '"hba[0].connection" is "host", and "tls" is "verify": a client would come without a certificate'],
  ['a rule for TLS where there is none', { tls: ClientTls.DISABLE, hba: [REJECT, { connection: HbaConnection.HOSTSSL, ...SCRAM }] },
    '"hba[1].connection" is "hostssl", and "tls" is "disable": no client comes with TLS'],
  ['a rule for certificates where there is no TLS', { tls: ClientTls.DISABLE, hba: [CERT] }, '"hba[0].connection" is "hostssl", and "tls" is "disable"'],
  ['a certificate that nobody would see', { tls: ClientTls.DISABLE, certificates: { serverTlsSecret: 'orders-tls' } }, '"certificates.serverTlsSecret" is given, and "tls" is "disable"'],
  ['settings of the pooler for TLS where there is none', { tls: ClientTls.DISABLE, pooler: { parameters: { client_tls_protocols: 'secure' } } },
    '[demo/orders/pooler] "parameters.client_tls_protocols" is given, and "tls" of the cluster is "disable"'],
  ['a user whose certificate would be an agent\'s', { tls: ClientTls.VERIFY, users: [{ name: 'app' }, { name: 'cdk8s-postgres-agent' }] },
    '"users[1].name" is "cdk8s-postgres-agent", and a certificate of such a name would be one of the agents\''],
])('%s is refused', (_, props, message) => {
  expect(() => render(props)).toThrow(message);
});

test('such a user is one like any other where no certificates are made for users', () => {
  expect(render({ users: [{ name: 'cdk8s-postgres-agent' }] }).spec().users).toHaveLength(1);
});

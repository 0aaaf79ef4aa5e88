import { HbaConnection, HbaMethod, HbaRule } from '../src/index';
import { render } from './synth/render';

const SCRAM = { method: HbaMethod.SCRAM_SHA_256 };

test('rules reach the agents in their order; what is left out means all, and TLS', () => {
  expect(render().spec()).not.toHaveProperty('hba');
  expect(render({ hba: [{ users: ['report'], address: '10.0.0.0/8', ...SCRAM }, { databases: ['orders'], connection: HbaConnection.HOST, method: HbaMethod.REJECT }] }).spec().hba).toEqual([
    { connection: 'hostssl', databases: [], users: ['report'], address: '10.0.0.0/8', method: 'scram-sha-256' },
    { connection: 'host', databases: ['orders'], users: [], method: 'reject' },
  ]);
});

test('nothing offers trust, or a password as it is', () => {
  expect(Object.values(HbaMethod).sort()).toEqual(['cert', 'reject', 'scram-sha-256']);
});

test.each<[string, HbaRule, string]>([
  ['trust, past the types', { method: 'trust' as HbaMethod }, '"hba[1].method" is "trust"; use one of HbaMethod'],
  ['a way to come that is none', { connection: 'local' as HbaConnection, ...SCRAM }, '"hba[1].connection" is "local"'],
  ['an address without a length', { address: '10.0.0.1', ...SCRAM }, '"hba[1].address" is "10.0.0.1"; give a range like'],
  ['an address that is none', { address: '10.0.0.256/8', ...SCRAM }, '"hba[1].address" is "10.0.0.256/8"'],
  ['a length that is none', { address: '10.0.0.0/33', ...SCRAM }, '"hba[1].address" is "10.0.0.0/33"'],
  ['the superuser', { users: ['app', 'postgres'], ...SCRAM }, '"hba[1].users" has "postgres", a role of the cluster itself'],
  ['a role of the agents', { users: ['cdk8s_replication'], method: HbaMethod.REJECT }, '"hba[1].users" has "cdk8s_replication", a role of the cluster itself'],
  ['a word that means something else', { databases: ['replication'], ...SCRAM }, '"hba[1].databases" has "replication"; give names'],
  ['a pattern', { databases: ['/^a'], ...SCRAM }, '"hba[1].databases" has "/^a"'],
  ['a second line', { users: ['a\nhost all all all trust'], ...SCRAM }, '"hba[1].users" has'],
  ['a file of users', { users: ['@users'], ...SCRAM }, '"hba[1].users" has "@users"'],
  ['a certificate without TLS', { connection: HbaConnection.HOST, method: HbaMethod.CERT }, 'there is no certificate without TLS; use HbaConnection.HOSTSSL'],
])('%s is refused', (_, rule, message) => {
  expect(() => render({ hba: [SCRAM, rule] })).toThrow(message);
});

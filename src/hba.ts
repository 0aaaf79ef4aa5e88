import type { Construct } from 'constructs';
import type { HbaRuleSpec } from './contract';
import { ClientTls } from './tls';
import { isAddressRange, refuse } from './validation';

/** By what a connection must come for a rule to speak of it, as pg_hba.conf spells it. */
export enum HbaConnection {
  /** TLS. */
  HOSTSSL = 'hostssl',
  /** Without TLS: all that is said can be read on its way, but for passwords. */
  HOSTNOSSL = 'hostnossl',
  /** With TLS or without. */
  HOST = 'host',
}

/** How a client proves who it is. There is no `trust`, and nothing that sends a password as it is. */
export enum HbaMethod {
  /** By a password, which is not sent. */
  SCRAM_SHA_256 = 'scram-sha-256',
  /** By a certificate of the cluster's own authority whose common name is the user's. */
  CERT = 'cert',
  /** Not at all. */
  REJECT = 'reject',
}

/** One line of pg_hba.conf. */
export interface HbaRule {
  /**
   * How the connection comes. Clients of the pooler reach PostgreSQL with TLS, however they have come to the pooler.
   *
   * @default - HbaConnection.HOSTSSL; HbaConnection.HOST where `tls` lets clients come without TLS, but for HbaMethod.CERT
   */
  readonly connection?: HbaConnection;

  /**
   * The databases that it speaks of.
   *
   * @default - all
   */
  readonly databases?: string[];

  /**
   * The users that it speaks of. The superuser and the cluster's own roles have rules of their own.
   *
   * @default - all
   */
  readonly users?: string[];

  /**
   * The addresses that it speaks of, as `address/length`, of IPv4 or IPv6. Clients that come through the pooler have its pods' addresses, and some
   * networks show a node's in place of a client's.
   *
   * @example '10.0.0.0/8'
   * @default - all
   */
  readonly address?: string;

  /** What is asked of the client. */
  readonly method: HbaMethod;
}

const NAME = /^[A-Za-z0-9_][A-Za-z0-9_$-]{0,62}$/;
/** They mean something else to pg_hba.conf than databases and users of these names. */
const KEYWORDS = ['all', 'replication', 'sameuser', 'samerole', 'samegroup'];
/** The superuser, PostgreSQL's and this library's own roles. */
const NOT_FOR_USERS = /^(postgres$|pg_|cdk8s_)/;

/** In the order in which they are given: the first that fits a connection decides. */
export function hbaRules(scope: Construct, rules: readonly HbaRule[], tls: ClientTls = ClientTls.REQUIRE): HbaRuleSpec[] {
  return rules.map(({ databases = [], users = [], address, method, ...rule }, index) => {
    const { connection = usual(method, tls) } = rule;
    const at = (prop: string) => `hba[${index}].${prop}`;
    for (const [prop, names] of [['databases', databases], ['users', users]] as const) {
      const wrong = names.find((name) => !NAME.test(name) || KEYWORDS.includes(name));
      if (wrong !== undefined) refuse(scope, at(prop), `has "${wrong}"`, 'give names of letters, digits, underscores, dashes and dollar signs; leave it out for all');
    }
    const kept = users.find((name) => NOT_FOR_USERS.test(name));
    if (kept !== undefined) refuse(scope, at('users'), `has "${kept}", a role of the cluster itself`, 'leave it out: the agents say how their roles get in');
    if (address !== undefined && !isAddressRange(address)) refuse(scope, at('address'), `is "${address}"`, 'give a range like "10.0.0.0/8" or "2001:db8::/32", or leave it out for all');
    if (!Object.values(HbaMethod).includes(method)) refuse(scope, at('method'), `is "${method}"`, 'use one of HbaMethod');
    if (!Object.values(HbaConnection).includes(connection)) refuse(scope, at('connection'), `is "${connection}"`, 'use one of HbaConnection');
    if (method === HbaMethod.CERT && connection !== HbaConnection.HOSTSSL) refuse(scope, at('connection'), `is "${connection}", and there is no certificate without TLS`, 'use HbaConnection.HOSTSSL');
    const against = contradiction(connection, method, tls);
    if (against !== undefined) refuse(scope, at('connection'), `is "${connection}", and "tls" is "${tls}": ${against}`, 'leave the rule out, or say another "tls"');
    return { connection, databases, users, address, method };
  });
}

/** A rule that keeps somebody out must not let him in as soon as he comes without TLS. */
function usual(method: HbaMethod, tls: ClientTls): HbaConnection {
  const without = tls === ClientTls.DISABLE || tls === ClientTls.ALLOW;
  return without && method !== HbaMethod.CERT ? HbaConnection.HOST : HbaConnection.HOSTSSL;
}

function contradiction(connection: HbaConnection, method: HbaMethod, tls: ClientTls): string | undefined {
  if (tls === ClientTls.DISABLE && connection === HbaConnection.HOSTSSL) return 'no client comes with TLS';
  if (tls === ClientTls.VERIFY && connection !== HbaConnection.HOSTSSL && method !== HbaMethod.REJECT) return 'a client would come without a certificate';
  return undefined;
}

import { Duration } from 'cdk8s';
import type { Construct } from 'constructs';
import type { CertificatesSpec, GivenCertificateSpec } from './contract';
import { ClientTls } from './tls';
import { isHostName, isObjectName, refuse } from './validation';

/** Certificates: the cluster's own, which the agents make and renew, and the one that clients of PostgreSQL see. */
export interface CertificateOptions {
  /**
   * Name of a Secret in the cluster's namespace with the certificate that PostgreSQL shows to whoever connects: `tls.crt` (the certificate, then
   * the chain), `tls.key` and `ca.crt` (the root), as cert-manager writes them. It is read every few seconds and never written. A new one is
   * taken over without a restart. One that cannot be used (key and certificate do not fit, expired, without its name or its chain) is
   * told in `/status`, by an Event and in the log, and the last good one stays in use; where there is none, the cluster's own does.
   *
   * `ca.crt` of the connection Secrets then holds both authorities. Replicas, pooler and exporter trust both as servers; who may log in by a
   * certificate, and who may call an agent, is decided by the cluster's own authority alone. The pooler shows its own certificate, or the one that
   * `serverTlsSecret` of its own options names.
   *
   * @example 'orders-tls'
   * @default - the cluster's own certificate
   */
  readonly serverTlsSecret?: string;

  /**
   * The DNS name that the certificate in `serverTlsSecret` must carry. Clients that verify it call the cluster by this name, and the instances
   * verify each other by it. Not without `serverTlsSecret`.
   *
   * @example 'orders.example.com'
   * @default - the host in the connection Secrets, `<cluster>-rw.<namespace>.svc`
   */
  readonly serverName?: string;

  /**
   * For how long the cluster's own certificates are valid: from 10 minutes to two years. Those that would be valid for longer are renewed at
   * once. Counted by the nodes' clocks, so no shorter than these may differ.
   *
   * @default Duration.days(365)
   */
  readonly duration?: Duration;

  /**
   * How long before its end a certificate of the cluster's own is renewed, without a restart: at least 2 minutes, and at least 30 seconds less
   * than `duration`. The cluster works on without the API server, or with its Secrets missing, for this long at the least.
   *
   * @default - a third of `duration`
   */
  readonly renewBefore?: Duration;
}

/** Where somebody else keeps a certificate, and the name that it carries. */
interface GivenCertificate {
  readonly serverTlsSecret?: string;
  readonly serverName?: string;
}

const YEAR = Duration.days(365).toSeconds();
const SHORTEST = Duration.minutes(10).toSeconds();
const LONGEST = 2 * YEAR;
const RENEWED_BEFORE_AT_LEAST = Duration.minutes(2).toSeconds();
/** Agents look at their certificates every ten seconds. */
const USED_AT_LEAST = 30;

export function certificatesSpec(scope: Construct, options: CertificateOptions, own: readonly string[], tls?: ClientTls): CertificatesSpec {
  return { validity: validity(scope, options), server: givenCertificateSpec(scope, 'certificates.', options, own, tls) };
}

/** Of PostgreSQL or of the pooler. `own`: Secrets that the agents fill. */
export function givenCertificateSpec(
  scope: Construct, prefix: string, { serverTlsSecret, serverName }: GivenCertificate, own: readonly string[], tls?: ClientTls,
): GivenCertificateSpec | undefined {
  const [secret, name] = [`${prefix}serverTlsSecret`, `${prefix}serverName`];
  if (serverTlsSecret === undefined) {
    if (serverName !== undefined) refuse(scope, name, 'is given without "serverTlsSecret"', 'name the Secret with the certificate, or leave the name out');
    return undefined;
  }
  if (!isObjectName(serverTlsSecret)) refuse(scope, secret, `is "${serverTlsSecret}"`, 'give the name of a Secret in the cluster\'s namespace');
  if (own.includes(serverTlsSecret)) refuse(scope, secret, `is "${serverTlsSecret}", which the agents fill themselves`, 'give your certificate a Secret of another name');
  if (tls === ClientTls.DISABLE) refuse(scope, secret, 'is given, and "tls" is "disable": no client would see the certificate', 'leave one of them out');
  if (serverName !== undefined && !isHostName(serverName)) refuse(scope, name, `is "${serverName}"`, 'give a DNS name in lower case, without a wildcard');
  return { secret: serverTlsSecret, name: serverName };
}

function validity(scope: Construct, options: CertificateOptions): CertificatesSpec['validity'] {
  if (options.duration === undefined && options.renewBefore === undefined) return undefined;
  const duration = seconds(scope, 'certificates.duration', options.duration) ?? YEAR;
  if (duration < SHORTEST || duration > LONGEST) refuse(scope, 'certificates.duration', `is ${duration} s`, 'give 10 minutes to two years');
  const renewBefore = seconds(scope, 'certificates.renewBefore', options.renewBefore) ?? Math.floor(duration / 3);
  if (renewBefore < RENEWED_BEFORE_AT_LEAST) refuse(scope, 'certificates.renewBefore', `is ${renewBefore} s`, 'give 2 minutes or more');
  if (duration - renewBefore < USED_AT_LEAST) refuse(scope, 'certificates.renewBefore', `is ${renewBefore} s, and "duration" ${duration} s`, `give at least ${USED_AT_LEAST} s less than that`);
  return { duration, renewBefore };
}

function seconds(scope: Construct, prop: string, duration?: Duration): number | undefined {
  const value = duration?.toSeconds({ integral: false });
  if (value !== undefined && !Number.isInteger(value)) refuse(scope, prop, `is ${value} s`, 'give whole seconds');
  return value;
}

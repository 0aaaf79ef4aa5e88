/**
 * The certificates for clients' connections that somebody else keeps in Secrets, cert-manager for example: read and never written.
 *
 * PostgreSQL has one certificate for all who connect, so the cluster's own clients (replicas, pgBouncer, the exporter) meet it too. They trust
 * its authority beside the cluster's, and a new one is trusted by all for a round before anybody shows it. Nothing else trusts that authority:
 * neither PostgreSQL, for the certificates of clients, nor the agents' API. Whom the pooler's is signed by only its clients need to know.
 */
import { X509Certificate } from 'node:crypto';
import type { Authority } from './authority.js';
import { givenFault } from './given-fault.js';
import type { Keeper } from './keeper.js';
import { bundle } from './pki.js';
import type { KeyPair, SecretData } from './types.js';
import { CERTIFICATE_KEYS } from '../../contract/index.js';

/** As long as this part of a certificate's life is left, its owner may still be about to renew it. */
const RENEWED_BY = 0.1;

export interface Given {
  /** What PostgreSQL shows; null: the cluster's own. */
  readonly pair: KeyPair | null;
  /** Everybody by whom what PostgreSQL shows, or will show next, may be signed; PEM. */
  readonly trusted: string;
  /** The name that it carries; null where no certificate is given. */
  readonly name: string | null;
}

interface Usable extends KeyPair {
  readonly authority: string;
}

/** PostgreSQL's. Its name is the one by which clients call the cluster, and its instances each other. */
export async function reconcileGiven(keeper: Keeper, authority: Authority): Promise<Given> {
  const { spec, namespace } = keeper.context;
  const given = spec.certificates?.server;
  if (given === undefined) return { pair: null, trusted: authority.trusted, name: null };
  const name = given.name ?? `${spec.objects.readWriteService}.${namespace}.svc`;
  const { shown, authorities } = await look(keeper, { secret: given.secret, copy: given.secret, name, whose: 'the certificate for clients' });
  return { pair: shown, trusted: bundle(...authorities, authority.trusted), name };
}

/** The pooler's: what it shows, null for the cluster's own; and by whom that, or what it will show next, is signed. */
export async function reconcilePoolerGiven(keeper: Keeper): Promise<{ readonly pair: KeyPair | null; readonly authorities: readonly string[] }> {
  const { spec: { pooler }, namespace } = keeper.context;
  if (pooler?.certificate === undefined) return { pair: null, authorities: [] };
  const { secret, name = `${pooler.service}.${namespace}.svc` } = pooler.certificate;
  // The same Secret may be PostgreSQL's, too, and good for one of them only. No Secret is called like this copy.
  const { shown, authorities } = await look(keeper, { secret, copy: `${secret}@pooler`, name, whose: 'the certificate for clients of the pooler' });
  return { pair: shown, authorities };
}

interface Wanted {
  readonly secret: string;
  /** What the last good one is kept as. */
  readonly copy: string;
  readonly name: string;
  /** For problems. */
  readonly whose: string;
}

async function look(keeper: Keeper, { secret, copy, name, whose }: Wanted): Promise<{ shown: KeyPair | null; authorities: readonly string[] }> {
  const last = usable(await keeper.copyOf(copy) ?? {}, name, keeper.context.now);
  const lastGood = 'why' in last ? null : last;
  const found = await read(keeper, secret, name);
  let shown = lastGood;
  if ('why' in found) {
    keeper.problem(found.code, secret, `Secret ${secret}, ${whose}, cannot be used: ${found.why}; ${meanwhile(lastGood)}`);
  } else {
    tellExpiry(keeper, secret, found);
    await keeper.keepCopy(copy, dataOf(found));
    // Another one is shown from the next round on: until then everybody learns whom to trust.
    if (lastGood !== null && isSame(found, lastGood)) shown = found;
  }
  return { shown, authorities: ['why' in found ? '' : found.authority, lastGood?.authority ?? ''] };
}

async function read(keeper: Keeper, secret: string, name: string): Promise<Usable | { why: string; code: 'SecretMissing' | 'SecretForbidden' | 'SecretUnreachable' | 'SecretUnreadable' }> {
  const result = await keeper.context.secrets.get(secret);
  if (result.ok) {
    const found = usable(result.value.data, name, keeper.context.now);
    return 'why' in found ? { ...found, code: 'SecretUnreadable' } : found;
  }
  switch (result.kind) {
    case 'notFound': return { code: 'SecretMissing', why: 'it is not there' };
    case 'forbidden': return { code: 'SecretForbidden', why: `it cannot be read (${result.message}): apply the synthesized manifests again` };
    default: return { code: 'SecretUnreachable', why: `it cannot be read (${result.message})` };
  }
}

function usable(data: SecretData, name: string, now: Date): Usable | { why: string } {
  const { [CERTIFICATE_KEYS.certificate]: certificate, [CERTIFICATE_KEYS.key]: key, [CERTIFICATE_KEYS.authority]: authority } = data;
  const missing = Object.values(CERTIFICATE_KEYS).filter((wanted) => data[wanted] === undefined);
  if (certificate === undefined || key === undefined || authority === undefined) return { why: `it lacks ${missing.join(', ')}` };
  const why = givenFault({ certificate, key }, authority, name, now);
  return why === null ? { certificate, key, authority } : { why };
}

function meanwhile(lastGood: KeyPair | null): string {
  return lastGood === null ? 'the cluster\'s own is shown meanwhile' : `the last good one is shown until it expires at ${new X509Certificate(lastGood.certificate).validTo}, then the cluster's own`;
}

function tellExpiry(keeper: Keeper, secret: string, { certificate }: KeyPair): void {
  const { validFrom, validTo } = new X509Certificate(certificate);
  const life = Date.parse(validTo) - Date.parse(validFrom);
  if (Date.parse(validTo) - keeper.context.now.getTime() >= life * RENEWED_BY) return;
  keeper.problem('SecretUnreadable', secret, `the certificate in Secret ${secret} expires at ${validTo} and has not been renewed; from then on the cluster's own is shown to clients`);
}

function isSame(a: Usable, b: Usable): boolean {
  return a.certificate === b.certificate && a.key === b.key && a.authority === b.authority;
}

function dataOf({ certificate, key, authority }: Usable): SecretData {
  return { [CERTIFICATE_KEYS.certificate]: certificate, [CERTIFICATE_KEYS.key]: key, [CERTIFICATE_KEYS.authority]: authority };
}

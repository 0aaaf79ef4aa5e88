/** The certificates that the authority signs: put back from copies by anybody, made and renewed by the leader. */
import type { Authority } from './authority.js';
import { isEmpty, type Keeper } from './keeper.js';
import { issue, leafFault, leafStale, type Leaf } from './pki.js';
import type { KeyPair, SecretData } from './types.js';
import { CERTIFICATE_KEYS } from '../../contract/index.js';

const KEYS = Object.values(CERTIFICATE_KEYS);

/** `more`: what else the Secret holds; an empty text is a key that it should not have. */
export async function reconcileLeaf(keeper: Keeper, secret: string, leaf: Leaf, authority: Authority, more: SecretData = {}): Promise<KeyPair | null> {
  const { duty, now, spec } = keeper.context;
  const validity = spec.certificates?.validity ?? null;
  const found = await keeper.read(secret);
  const current = found === null ? { why: 'it cannot be read' } : readLeaf(found.data, authority, leaf, now);
  if (!('why' in current)) {
    const stale = leafStale(current, leaf, now, validity) ?? trustStale(found!.data, authority);
    const lacking = differing(more, found!.data);
    if (duty !== 'keep' && stale !== null) {
      const renewed = await issue(authority, leaf, now, validity);
      if (await keeper.fill(secret, found!, { ...dataOf(renewed, authority), ...lacking }, stale)) {
        await keeper.keepCopy(secret, dataOf(renewed, authority));
        return renewed;
      }
    } else if (duty !== 'keep' && Object.keys(lacking).length > 0) {
      await keeper.fill(secret, found!, lacking, `it had other values for ${Object.keys(lacking).join(', ')}`);
    }
    await keeper.keepCopy(secret, dataOf(current, authority));
    return current;
  }

  const copied = readLeaf(await keeper.copyOf(secret) ?? {}, authority, leaf, now);
  const copy = 'why' in copied ? null : copied;
  const empty = found !== null && isEmpty(found.data, KEYS);
  if (found !== null && copy !== null && (empty || duty !== 'keep')) {
    await keeper.fill(secret, found, { ...dataOf(copy, authority), ...differing(more, found.data) }, `${empty ? 'it was empty' : current.why}; it is refilled from the copy on the data volume`);
    return copy;
  }
  if (found !== null && duty !== 'keep') {
    const made = await issue(authority, leaf, now, validity);
    if (!await keeper.fill(secret, found, { ...dataOf(made, authority), ...differing(more, found.data) }, empty ? 'it was empty' : current.why)) return null;
    await keeper.keepCopy(secret, dataOf(made, authority));
    return made;
  }
  if (found !== null && !empty) {
    keeper.problem('SecretUnreadable', secret, `Secret ${secret} holds no certificate that can be used: ${current.why}; the leader makes a new one`);
  }
  return copy;
}

function readLeaf(data: SecretData, authority: Authority, leaf: Leaf, now: Date): KeyPair | { why: string } {
  const { [CERTIFICATE_KEYS.certificate]: certificate, [CERTIFICATE_KEYS.key]: key } = data;
  if (certificate === undefined || key === undefined) return { why: `it lacks ${certificate === undefined ? CERTIFICATE_KEYS.certificate : CERTIFICATE_KEYS.key}` };
  const why = leafFault({ certificate, key }, authority, leaf, now);
  return why === null ? { certificate, key } : { why };
}

function trustStale(data: SecretData, authority: Authority): string | null {
  return data[CERTIFICATE_KEYS.authority] === authority.trusted ? null : `its ${CERTIFICATE_KEYS.authority} is not what the cluster trusts`;
}

/** Those keys whose value is another. A Secret's key that is empty counts as missing. */
function differing(wanted: SecretData, data: SecretData): SecretData {
  return Object.fromEntries(Object.entries(wanted).filter(([key, value]) => (data[key] ?? '') !== value));
}

function dataOf({ certificate, key }: KeyPair, authority: Authority): SecretData {
  return { [CERTIFICATE_KEYS.certificate]: certificate, [CERTIFICATE_KEYS.key]: key, [CERTIFICATE_KEYS.authority]: authority.trusted };
}

/**
 * The cluster's certificate authority: made once, before there is data, and never again.
 *
 * After that a missing one is put back from a copy, or is an error: with a new one, every certificate of a running cluster would be a stranger's.
 */
import { isEmpty, type Keeper } from './keeper.js';
import { authorityFault, bundle, makeAuthority } from './pki.js';
import type { KeyPair, SecretData } from './types.js';
import { CERTIFICATE_KEYS } from '../../contract/index.js';

export interface Authority extends KeyPair {
  /** All authorities to be trusted: this one and those that are published beside it. */
  readonly trusted: string;
}

const KEYS = Object.values(CERTIFICATE_KEYS);

export async function reconcileAuthority(keeper: Keeper): Promise<Authority | null> {
  const { spec, duty } = keeper.context;
  const secret = spec.objects.authoritySecret;
  const found = await keeper.read(secret);
  if (found !== null && !isEmpty(found.data, KEYS)) {
    const read = readAuthority(found.data);
    if (!('why' in read)) {
      await keeper.keepCopy(secret, dataOf(read));
      return read;
    }
    // Not overwritten: whoever has put it there may be about to mend it.
    keeper.problem('SecretUnreadable', secret, `Secret ${secret} holds no usable certificate authority: ${read.why}; correct it, or remove all its keys to have it refilled`);
  }
  const copied = await keeper.copyOf(secret);
  const copy = copied === null ? null : readAuthority(copied);
  if (copy !== null && !('why' in copy)) {
    if (found !== null && isEmpty(found.data, KEYS)) await keeper.fill(secret, found, dataOf(copy), 'it was empty and is refilled from the copy on the data volume');
    return copy;
  }
  if (found === null || !isEmpty(found.data, KEYS)) return null;
  if (duty !== 'found') {
    keeper.problem('AuthorityMissing', secret, `Secret ${secret} is empty and this instance has no copy of the cluster's authority; it waits for an instance that has one. If none has, restore the Secret from a backup`);
    return null;
  }
  const made = withTrust(await makeAuthority(`${spec.cluster}-ca`, keeper.context.now), '');
  // A key that could not be stored is not used: another agent may have stored its own.
  if (!await keeper.fill(secret, found, dataOf(made), 'the cluster is new')) return null;
  await keeper.keepCopy(secret, dataOf(made));
  return made;
}

function readAuthority(data: SecretData): Authority | { why: string } {
  const { [CERTIFICATE_KEYS.certificate]: certificate, [CERTIFICATE_KEYS.key]: key } = data;
  if (certificate === undefined || key === undefined) return { why: `it lacks ${certificate === undefined ? CERTIFICATE_KEYS.certificate : CERTIFICATE_KEYS.key}` };
  const why = authorityFault({ certificate, key });
  return why === null ? withTrust({ certificate, key }, data[CERTIFICATE_KEYS.authority] ?? '') : { why };
}

function withTrust(pair: KeyPair, others: string): Authority {
  return { ...pair, trusted: bundle(pair.certificate, others) };
}

function dataOf({ certificate, key, trusted }: Authority): SecretData {
  return { [CERTIFICATE_KEYS.certificate]: certificate, [CERTIFICATE_KEYS.key]: key, [CERTIFICATE_KEYS.authority]: trusted };
}

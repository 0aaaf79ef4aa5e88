/**
 * The connection Secrets of the users: a password that a person has put there is kept, everything else follows from the spec. Where clients must
 * show a certificate, the user's is there, too.
 */
import { randomBytes } from 'node:crypto';
import type { Authority } from './authority.js';
import { userLeafOf } from './certificates.js';
import { connectionData } from './connection.js';
import { isEmpty, pick, type Keeper } from './keeper.js';
import { issue, leafFault, leafStale } from './pki.js';
import type { SecretData } from './types.js';
import { CERTIFICATE_KEYS, CONNECTION_KEYS, POOLER_CONNECTION_KEYS, type UserSpec } from '../../contract/index.js';

const KEYS = [...new Set([...Object.values(CONNECTION_KEYS), ...Object.values(POOLER_CONNECTION_KEYS), ...Object.values(CERTIFICATE_KEYS)])];

/** The password that the role should have; null while it is not known. `trusted`: by whom what PostgreSQL and the pooler show may be signed. */
export async function reconcileUser(keeper: Keeper, user: UserSpec, authority: Authority, trusted: string): Promise<string | null> {
  const { spec, namespace, duty } = keeper.context;
  const found = await keeper.read(user.secret);
  const given = found?.data[CONNECTION_KEYS.password];
  if (found !== null && given !== undefined && duty === 'keep') {
    await keeper.keepCopy(user.secret, pick(found.data, KEYS));
    return given;
  }
  const copy = given === undefined ? await keeper.copyOf(user.secret) : null;
  const known = given ?? copy?.[CONNECTION_KEYS.password] ?? null;
  if (found === null) return known;
  const password = known ?? (duty === 'keep' ? null : generatePassword());
  if (password === null) return null;
  const wanted = copy !== null && duty === 'keep' ? copy : {
    ...connectionData(spec, namespace, user, password, trusted),
    ...await certificateOf(keeper, user, authority, { ...copy, ...found.data }),
  };
  const wrong = Object.keys(wanted).filter((key) => found.data[key] !== wanted[key]);
  if (wrong.length === 0) {
    await keeper.keepCopy(user.secret, wanted);
    return password;
  }
  const why = isEmpty(found.data, KEYS) ? 'it was empty' : `it had other values or none for ${wrong.join(', ')}`;
  if (!await keeper.fill(user.secret, found, wanted, why)) return given ?? null;
  await keeper.keepCopy(user.secret, wanted);
  return password;
}

/**
 * It is there where clients must show one. Where one is there already it is renewed, whatever is asked of clients now: an application that still
 * shows it would be refused on the day on which it ends.
 */
async function certificateOf({ context }: Keeper, user: UserSpec, authority: Authority, data: SecretData): Promise<SecretData> {
  const { spec, now } = context;
  const validity = spec.certificates?.validity ?? null;
  const leaf = userLeafOf(user);
  if (leaf === null) return {};
  const current = { certificate: data[CERTIFICATE_KEYS.certificate] ?? '', key: data[CERTIFICATE_KEYS.key] ?? '' };
  const fault = leafFault(current, authority, leaf, now);
  if (fault !== null && spec.clientTls !== 'verify') return {};
  const { certificate, key } = fault === null && leafStale(current, leaf, now, validity) === null ? current : await issue(authority, leaf, now, validity);
  return { [CERTIFICATE_KEYS.certificate]: certificate, [CERTIFICATE_KEYS.key]: key };
}

/** 32 characters that need no quoting anywhere, 192 bits. */
function generatePassword(): string {
  return randomBytes(24).toString('base64url');
}

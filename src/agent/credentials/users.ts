/** The connection Secrets of the users: a password that a person has put there is kept, everything else follows from the spec. */
import { randomBytes } from 'node:crypto';
import { connectionData } from './connection.js';
import { isEmpty, pick, type Keeper } from './keeper.js';
import { CONNECTION_KEYS, POOLER_CONNECTION_KEYS, type UserSpec } from '../../contract/index.js';

const KEYS = [...Object.values(CONNECTION_KEYS), ...Object.values(POOLER_CONNECTION_KEYS)];

/** The password that the role should have; null while it is not known. */
export async function reconcileUser(keeper: Keeper, user: UserSpec, authority: string): Promise<string | null> {
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
  const wanted = copy !== null && duty === 'keep' ? copy : connectionData(spec, namespace, user, password, authority);
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

/** 32 characters that need no quoting anywhere, 192 bits. */
function generatePassword(): string {
  return randomBytes(24).toString('base64url');
}

/**
 * SCRAM-SHA-256 verifiers as PostgreSQL stores them (RFC 5803): `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`. Made here, so
 * that no password is ever part of a statement.
 */
import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto';

/** PostgreSQL's own. */
const ITERATIONS = 4096;
const SALT_LENGTH = 16;

export function scramVerifier(password: string): string {
  return verifierWith(password, randomBytes(SALT_LENGTH), ITERATIONS);
}

/**
 * Only one with our own count of iterations is looked into: whoever may change a password may name any other, and counting up to it would
 * keep the agent from renewing its Lease.
 */
export function matchesVerifier(password: string, verifier: string): boolean {
  const [, iterations, salt] = /^SCRAM-SHA-256\$(\d+):([A-Za-z0-9+/=]+)\$/.exec(verifier) ?? [];
  if (salt === undefined || Number(iterations) !== ITERATIONS) return false;
  const expected = Buffer.from(verifierWith(password, Buffer.from(salt, 'base64'), ITERATIONS));
  const given = Buffer.from(verifier);
  return expected.length === given.length && timingSafeEqual(expected, given);
}

function verifierWith(password: string, salt: Buffer, iterations: number): string {
  // Clients prepare it with SASLprep, of which NFKC is what changes letters.
  const salted = pbkdf2Sync(password.normalize('NFKC'), salt, iterations, 32, 'sha256');
  const storedKey = createHash('sha256').update(hmac(salted, 'Client Key')).digest('base64');
  const serverKey = hmac(salted, 'Server Key').toString('base64');
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${serverKey}`;
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/** Whether a certificate that somebody else has issued will do: PostgreSQL does not start with one that OpenSSL refuses, and so nothing doubtful reaches it. */
import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { blocksOf, pairFault } from './pki.js';
import type { KeyPair } from './types.js';
import { messageOf } from '../files.js';

/** At OpenSSL's security level 2, which distributions have. */
const RSA_AT_LEAST = 2048;
/** RFC 5280, id-kp-serverAuth. */
const FOR_SERVERS = '1.3.6.1.5.5.7.3.1';

/** Why it cannot serve under that name; null when it can. `authority`: PEM, where its chain must end. */
export function givenFault({ certificate, key }: KeyPair, authority: string, name: string, now: Date): string | null {
  const fault = pairFault({ certificate, key });
  if (fault !== null) return fault;
  let chain: X509Certificate[], roots: X509Certificate[];
  try {
    [chain, roots] = [certificate, authority].map((text) => blocksOf(text).map((block) => new X509Certificate(block))) as [X509Certificate[], X509Certificate[]];
    // From Node 24 on with the limits on keys and signatures that PostgreSQL's OpenSSL has.
    createSecureContext({ cert: certificate, key, ca: authority });
  } catch (error) {
    return `OpenSSL refuses it: ${messageOf(error)}`;
  }
  const [leaf, ...between] = chain;
  if (leaf === undefined) return 'tls.crt holds no certificate';
  if (leaf.keyUsage !== undefined && !leaf.keyUsage.includes(FOR_SERVERS)) return 'it is not for servers: its extended key usage lacks serverAuth';
  if (leaf.checkHost(name, { partialWildcards: false }) === undefined) return `it does not carry the name ${name}; have it issued with that among its DNS names, or say another by "serverName"`;
  return chainFault(leaf, between, roots, now);
}

/** Clients take a chain only when each of its certificates is valid and the last one has signed itself. */
function chainFault(leaf: X509Certificate, between: readonly X509Certificate[], roots: readonly X509Certificate[], now: Date): string | null {
  let current = leaf;
  for (let left = between.length + roots.length; left >= 0; left--) {
    const fault = faultOf(current, now);
    if (fault !== null) return fault;
    const { fingerprint256 } = current;
    if (current.subject === current.issuer && roots.some((root) => root.fingerprint256 === fingerprint256)) return null;
    const issued = current;
    const issuer = [...roots, ...between].find((candidate) => candidate !== issued && issued.checkIssued(candidate) && issued.verify(candidate.publicKey));
    if (issuer === undefined) break;
    current = issuer;
  }
  return `the chain does not end in a self-signed authority of its ca.crt: who signed "${current.subject}" is not there; put the chain into tls.crt and the root into ca.crt`;
}

function faultOf({ subject, validFrom, validTo, publicKey }: X509Certificate, now: Date): string | null {
  const { modulusLength = Infinity } = publicKey.asymmetricKeyDetails ?? {};
  if (modulusLength < RSA_AT_LEAST) return `the key of "${subject}" has ${modulusLength} bits, and OpenSSL takes none below ${RSA_AT_LEAST}`;
  if (now.getTime() >= Date.parse(validTo)) return `"${subject}" expired at ${validTo}`;
  return now.getTime() < Date.parse(validFrom) ? `"${subject}" is not valid before ${validFrom}` : null;
}

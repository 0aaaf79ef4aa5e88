/** When the read-write Service loses its address without getting another one (architecture.md 5). */
import { openSince } from './lease.js';
import { hasSuccessor } from './leave.js';
import type { Snapshot } from './types.js';

/**
 * Whose address is to go: nobody's, this instance's own, or whosever it is.
 *
 * Clients should be refused at once instead of reaching for a pod that is gone. But whoever is about to take over replaces the address itself,
 * and a change just before would delay that one: kube-proxy waits up to a second between two.
 */
export function addressToRemove(s: Snapshot): 'none' | 'own' | 'any' {
  if (s.postgres.kind === 'primary' && s.lease.kind === 'mine') return 'none';
  const open = openSince(s);
  if (open !== null && s.now - open > s.spec.timing.leaseDuration) return 'any';
  return s.lease.kind === 'theirs' || hasSuccessor(s) ? 'none' : 'own';
}

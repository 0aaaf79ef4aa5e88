/** The cluster's keys, brought to what they should be: to be called again and again, by every agent. */
import { reconcileAuthority } from './authority.js';
import { accessLeavesOf, backupLeavesOf, leavesOf, poolerLeafOf, type NamedLeaf } from './certificates.js';
import { reconcileGiven, reconcilePoolerGiven, type Given } from './given.js';
import { Keeper } from './keeper.js';
import { reconcileLeaf } from './leaves.js';
import { bundle, carries } from './pki.js';
import type { Credentials, CredentialsContext, CredentialsReport, KeyPair, SecretData, ShownCertificate } from './types.js';
import { reconcileUser } from './users.js';
import { SERVER_AUTHORITY_KEY } from '../../contract/index.js';

export async function reconcileCredentials(context: CredentialsContext): Promise<CredentialsReport> {
  const keeper = new Keeper(context);
  const passwords = new Map<string, string>();
  let credentials: Credentials | null = null;

  const authority = await reconcileAuthority(keeper);
  if (authority !== null) {
    const given = await reconcileGiven(keeper, authority);
    const leaves = leavesOf(context.spec, context.namespace, given.name);
    const get = async ({ secret, leaf }: NamedLeaf, more?: SecretData): Promise<KeyPair | null> => reconcileLeaf(keeper, secret, leaf, authority, more);
    const server = await get(leaves.server);
    const replication = await get(leaves.replication);
    const rewind = await get(leaves.rewind);
    const agent = await get(leaves.agent);
    const monitoring = leaves.monitoring === null ? null : await get(leaves.monitoring);
    if (server !== null && replication !== null && rewind !== null && agent !== null) {
      const { backups } = context.spec;
      const more = backups === undefined ? null : backupLeavesOf(context.spec, context.namespace, backups);
      const pgBackRest = more === null ? null : await get(more.pgBackRest);
      if (more !== null) await get(more.request);
      credentials = { authority: authority.trusted, server, shown: shownOf(given, server), replication, rewind, agent, monitoring, pgBackRest };
    }
    const pooler = poolerLeafOf(context.spec, context.namespace);
    if (pooler !== null) await get(pooler, { [SERVER_AUTHORITY_KEY]: given.name === null ? '' : given.trusted });
    // They open nothing that must be kept: whoever leads makes them, and makes them anew.
    for (const access of context.duty === 'lead' ? accessLeavesOf(context.spec) : []) await get(access);
    const { authorities } = await reconcilePoolerGiven(keeper);
    const trustedByUsers = authorities.length === 0 ? given.trusted : bundle(...authorities, given.trusted);
    // An application begins as soon as its Secret is full; before initdb there is nothing that it could connect to.
    const users = context.duty === 'found' ? [] : context.spec.users;
    for (const user of users) {
      const password = await reconcileUser(keeper, user, authority, trustedByUsers);
      if (password !== null) passwords.set(user.name, password);
    }
  }
  return { credentials, passwords, written: keeper.written, problems: keeper.problems };
}

/** Instances that show their own and instances that show the given one are called by one name: none is, before both carry it. */
function shownOf({ pair, trusted, name }: Given, own: KeyPair): ShownCertificate {
  const both = name !== null && carries(own, name);
  return { ...(both ? pair ?? own : own), authority: trusted, name: both ? name : null };
}

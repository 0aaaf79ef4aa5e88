/** How the backup that a new cluster begins with is read: pgBackRest's configuration for the other cluster's repo, with keys from Secrets. */
import { join } from 'node:path';
import type { Stanza } from './catalog.js';
import type { BootstrapSpec } from '../../contract/spec.js';
import { renderSource } from '../backups/configuration.js';
import { readRepoKeys } from '../backups/keys.js';
import { writeDurably } from '../files.js';
import type { Secrets } from '../kube/types.js';

/** Writes it into `directory`, which lies in memory. Rejects when a Secret does not have what is wanted of it. */
export async function writeSource(directory: string, pgdata: string, bootstrap: BootstrapSpec, secrets: Secrets): Promise<Stanza> {
  const [keys] = await readRepoKeys(secrets, [bootstrap.repo], true);
  const authorityFile = join(directory, 'authority.crt');
  if (keys!.authority !== undefined) await writeDurably(authorityFile, `${keys!.authority}\n`);
  const config = join(directory, 'pgbackrest.conf');
  await writeDurably(config, renderSource(bootstrap, keys!, authorityFile, pgdata));
  return { config, stanza: bootstrap.stanza };
}

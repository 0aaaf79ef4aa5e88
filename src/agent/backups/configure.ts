/** Keeps pgBackRest's files right: certificate, authorities, configuration. Its server rereads all of them when the configuration is replaced. */
import { mkdir } from 'node:fs/promises';
import { CERTIFICATE_FILES, renderConfiguration, repoAuthorityFile, type ConfigurationInput, type RepoKeys } from './configuration.js';
import { PGBACKREST_CONFIG, PGBACKREST_DIR } from '../../contract/paths.js';
import type { TlsMaterial, KeyPair } from '../credentials/types.js';
import { overwriteFile, replaceFile } from '../files.js';

/** What a leader without a repo host makes backups with. */
export const LEADER_CONFIG = `${PGBACKREST_DIR}/leader.conf`;

/** Tells whether anything differed. */
export async function writeConfiguration(certificate: KeyPair & Pick<TlsMaterial, 'authority'>, keys: readonly RepoKeys[], inputs: readonly (ConfigurationInput & { readonly file: string })[]): Promise<boolean> {
  await mkdir(PGBACKREST_DIR, { recursive: true });
  const files: Record<string, string> = {
    [CERTIFICATE_FILES.certificate]: certificate.certificate,
    [CERTIFICATE_FILES.key]: certificate.key,
    [CERTIFICATE_FILES.authority]: certificate.authority,
  };
  keys.forEach(({ authority }, index) => { if (authority !== undefined) files[repoAuthorityFile(index + 1)] = `${authority}\n`; });
  for (const input of inputs) files[input.file] = renderConfiguration(input);
  const { [PGBACKREST_CONFIG]: last, ...first } = files;
  let changed = false;
  for (const [file, text] of Object.entries(first)) {
    changed = await replaceFile(file, text) || changed;
  }
  // Its server rereads a certificate when the configuration is another file, whatever is in it.
  if (changed) await overwriteFile(PGBACKREST_CONFIG, last!);
  return changed || replaceFile(PGBACKREST_CONFIG, last!);
}

/** A certificate authority for tests, made with openssl. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const NAMES = ['one.test', 'two.test', 'three.test'];

/** What the agent's credentials would write into `certificatesDir`. */
export function makeCertificates(directory: string): string {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=test authority', '-days', '2');
  copyFileSync(join(directory, 'ca.crt'), join(directory, 'server-ca.crt'));
  for (const [file, commonName] of [['server', 'server'], ['replication', 'cdk8s_replication'], ['rewind', 'cdk8s_rewind'], ['monitoring', 'cdk8s_monitor']] as const) {
    openssl('req', ...newKey, '-keyout', `${file}.key`, '-out', `${file}.csr`, '-subj', `/CN=${commonName}`);
    writeFileSync(join(directory, `${file}.ext`), `subjectAltName=${NAMES.map((name) => `DNS:${name}`).join(',')}\n`);
    openssl('x509', '-req', '-in', `${file}.csr`, '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-out', `${file}.crt`, '-days', '2', '-extfile', `${file}.ext`);
  }
  return directory;
}


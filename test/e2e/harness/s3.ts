/** A real S3 server over TLS in a namespace: versitygw, with an authority of its own and one bucket that lives as long as its pod. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cluster } from './cluster';
import { output } from './run';
import { PgBackRestRepo, S3UriStyle, type S3RepoOptions } from '../../../src';
import { S3_KEYS } from '../../../src/contract';

const NAME = 's3';
const PORT = 7070;
const BUCKET = 'backups';
const REGION = 'us-east-1';
const DIRECTORY = '/data';
const TLS = '/tls';

/** In any namespace that is given access: keys, authority, and a passphrase. */
const SECRET = 's3-access';
const AUTHORITY_KEY = 'ca.crt';
const PASSPHRASE_KEY = 'passphrase';

export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly passphrase: string;
}

export const KEYS: Keys = { accessKeyId: 'orders-backup', secretAccessKey: 'only-for-tests-of-this-run', passphrase: 'correct horse battery staple' };

export class S3Server {
  /** Where one in that namespace listens. */
  static endpointIn(namespace: string): string {
    return `${hostIn(namespace)}:${PORT}`;
  }

  /** Ready to take requests; one that is there already goes on with the certificates that it has. */
  static async start(cluster: Cluster): Promise<S3Server> {
    const host = hostIn(cluster.namespace);
    const { authority, certificate, key } = await certificatesIn(cluster) ?? await makeCertificates(host);
    const restricted = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
    const labels = { app: NAME };
    await cluster.kubectl.apply(JSON.stringify({
      apiVersion: 'v1',
      kind: 'List',
      items: [
        { apiVersion: 'v1', kind: 'Secret', metadata: { name: NAME }, type: 'Opaque', stringData: { 'tls.crt': certificate, 'tls.key': key, 'ca.crt': authority } },
        { apiVersion: 'v1', kind: 'Service', metadata: { name: NAME }, spec: { selector: labels, ports: [{ port: PORT }] } },
        {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: NAME, labels },
          spec: {
            terminationGracePeriodSeconds: 0,
            automountServiceAccountToken: false,
            securityContext: { runAsNonRoot: true, runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000, seccompProfile: { type: 'RuntimeDefault' } },
            // A directory is a bucket.
            initContainers: [{
              name: 'bucket', image: cluster.target.images.postgres, command: ['mkdir', '-p', `${DIRECTORY}/buckets/${BUCKET}`, `${DIRECTORY}/metadata`],
              securityContext: restricted, volumeMounts: [{ name: 'data', mountPath: DIRECTORY }],
            }],
            containers: [{
              name: NAME,
              image: cluster.target.images.s3,
              args: [
                `--port=:${PORT}`, `--region=${REGION}`, `--cert=${TLS}/tls.crt`, `--key=${TLS}/tls.key`, 'posix', `--sidecar=${DIRECTORY}/metadata`, `${DIRECTORY}/buckets`,
              ],
              env: [{ name: 'ROOT_ACCESS_KEY', value: KEYS.accessKeyId }, { name: 'ROOT_SECRET_KEY', value: KEYS.secretAccessKey }],
              securityContext: { ...restricted, readOnlyRootFilesystem: true },
              readinessProbe: { tcpSocket: { port: PORT }, periodSeconds: 1 },
              volumeMounts: [{ name: 'data', mountPath: DIRECTORY }, { name: 'tls', mountPath: TLS, readOnly: true }],
            }],
            volumes: [{ name: 'data', emptyDir: {} }, { name: 'tls', secret: { secretName: NAME, defaultMode: 0o440 } }],
          },
        },
      ],
    }));
    await cluster.kubectl.run(['wait', '--for=condition=Ready', `pod/${NAME}`, '--timeout=120s'], { timeoutMs: 130_000 });
    return new S3Server(S3Server.endpointIn(cluster.namespace), authority);
  }

  private constructor(readonly endpoint: string, private readonly authority: string) {}

  /** Puts the keys into a namespace, where clusters can read them; again with other ones, to replace them. */
  async giveAccess(cluster: Cluster, keys: Partial<Keys> = {}): Promise<void> {
    const { accessKeyId, secretAccessKey, passphrase } = { ...KEYS, ...keys };
    await cluster.kubectl.apply(JSON.stringify({
      apiVersion: 'v1', kind: 'Secret', metadata: { name: SECRET }, type: 'Opaque',
      stringData: { [S3_KEYS.accessKeyId]: accessKeyId, [S3_KEYS.secretAccessKey]: secretAccessKey, [AUTHORITY_KEY]: this.authority, [PASSPHRASE_KEY]: passphrase },
    }));
  }

  /** An encrypted repo in the bucket. */
  repo(path: string, more: Partial<S3RepoOptions> = {}): PgBackRestRepo {
    return PgBackRestRepo.s3({
      endpoint: this.endpoint,
      bucket: BUCKET,
      region: REGION,
      uriStyle: S3UriStyle.PATH,
      path,
      certificateAuthority: { secretName: SECRET, key: AUTHORITY_KEY },
      credentialsSecret: SECRET,
      passphrase: { secretName: SECRET, key: PASSPHRASE_KEY },
      ...more,
    });
  }
}

interface Certificates {
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

const hostIn = (namespace: string): string => `${NAME}.${namespace}.svc`;

async function certificatesIn({ kubectl }: Cluster): Promise<Certificates | null> {
  const { code, stdout } = await kubectl.outcome(['get', 'secret', NAME, '-o', 'json']);
  if (code !== 0) return null;
  const { data } = JSON.parse(stdout) as { data: Readonly<Record<string, string>> };
  const [authority, certificate, key] = ['ca.crt', 'tls.crt', 'tls.key'].map((name) => Buffer.from(data[name], 'base64').toString());
  return { authority, certificate, key };
}

/** By the machine's openssl: an authority that nobody trusts, and the server's certificate. */
async function makeCertificates(host: string): Promise<Certificates> {
  const directory = mkdtempSync(join(tmpdir(), 's3-'));
  const file = (name: string): string => join(directory, name);
  const openssl = (...args: string[]): Promise<string> => output(['openssl', ...args]);
  const fresh = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  try {
    await openssl('req', '-x509', ...fresh, '-subj', '/CN=s3-test-authority', '-keyout', file('ca.key'), '-out', file('ca.crt'));
    await openssl(
      'req', '-x509', ...fresh, '-subj', '/CN=s3', '-addext', `subjectAltName=DNS:${host}`, '-addext', 'basicConstraints=critical,CA:FALSE',
      '-CA', file('ca.crt'), '-CAkey', file('ca.key'), '-keyout', file('tls.key'), '-out', file('tls.crt'),
    );
    const read = (name: string): string => readFileSync(file(name), 'utf8');
    return { authority: read('ca.crt'), certificate: read('tls.crt'), key: read('tls.key') };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

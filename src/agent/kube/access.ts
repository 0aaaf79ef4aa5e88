/** How to reach the API server: what the kubelet gives to a pod, or what a test or a kubeconfig says. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

export interface ApiAccess {
  readonly server: URL;
  /** PEM; undefined trusts what the system trusts. */
  readonly authority: string | undefined;
  /** Present where people's client certificates are used instead of tokens. */
  readonly certificate?: { readonly cert: string; readonly key: string };
  /** Never waits: the lock's requests must not depend on a file system. */
  token(): string | null;
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
/** The kubelet replaces the token when a fifth of its life is left, minutes before it expires. */
const TOKEN_REFRESH_MS = 30_000;

/** The pod's own service account. Throws when this is not a pod with one: nothing can work then. */
export function inClusterAccess(environment: NodeJS.ProcessEnv = process.env, directory: string = SERVICE_ACCOUNT): ApiAccess {
  const host = environment.KUBERNETES_SERVICE_HOST;
  const port = environment.KUBERNETES_SERVICE_PORT;
  if (!host || !port) {
    throw new Error('KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: the agent runs only inside a pod');
  }
  let token = readFileSync(`${directory}/token`, 'utf8').trim();
  // In the background, because reading a file waits for a thread that a hanging data volume may hold.
  setInterval(() => {
    readFile(`${directory}/token`, 'utf8').then((fresh) => { token = fresh.trim(); }, () => undefined);
  }, TOKEN_REFRESH_MS).unref();
  return {
    server: new URL(`https://${host.includes(':') ? `[${host}]` : host}:${port}`),
    authority: readFileSync(`${directory}/ca.crt`, 'utf8'),
    token: () => token,
  };
}

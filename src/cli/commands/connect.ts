/** `connect`: psql as the superuser, over the socket in the pod of the primary or of a replica. No password, no port is needed. */
import { PassThrough } from 'node:stream';
import { Exec, type V1Status } from '@kubernetes/client-node';
import { SOCKET_DIR } from '../../contract/paths.js';
import { primaryPod, replicaPod } from '../choose.js';
import { EXIT, Failure } from '../exit.js';
import type { Kube } from '../kube.js';
import { findCluster, listPods, observe, readLease, type PodSeen } from '../observe.js';
import { readsInput } from '../psql-args.js';
import { missingRight } from '../refusal.js';
import { reportOf } from '../report.js';

/** Of WebSocket subprotocols the first that ends one stream and leaves the others open: without it the output that is still to come would be lost with the input. */
const TELLS_END_OF_INPUT = 'v5.channel.k8s.io';

export interface ConnectOptions {
  readonly replica: boolean;
  readonly args: readonly string[];
}

/** psql's own exit code. */
export async function connect(kube: Kube, cluster: string, { replica, args }: ConnectOptions): Promise<number> {
  const found = await findCluster(kube, cluster);
  // Strictly a boolean: the API server takes an empty value for yes.
  const tty = Boolean(process.stdin.isTTY && process.stdout.isTTY);
  // Defaults by environment: whatever psql is told on its command line comes before them.
  const environment = {
    PGHOST: SOCKET_DIR, PGUSER: 'postgres', PGDATABASE: found.spec.databases[0]?.name ?? 'postgres', PSQL_HISTORY: '/dev/null',
    ...tty ? { TERM: process.env.TERM ?? 'xterm' } : {},
  };
  const pod = replica ? await chooseReplica(kube, found) : primaryPod(...await Promise.all([readLease(kube, found), listPods(kube, found)]));
  console.error(`psql in pod ${pod.name}`);
  const command = ['env', ...Object.entries(environment).map(([name, value]) => `${name}=${value}`), 'psql', ...args];
  return run(kube, found.namespace, pod, { command, args, tty });
}

async function chooseReplica(kube: Kube, found: Parameters<typeof observe>[1]): Promise<PodSeen> {
  const seen = await observe(kube, found);
  return replicaPod(reportOf(seen, new Date()), seen.heard);
}

async function run(kube: Kube, namespace: string, pod: PodSeen, { command, args, tty }: { command: string[]; args: readonly string[]; tty: boolean }): Promise<number> {
  if (tty) process.stdin.setRawMode(true);
  try {
    return exitCode(await new Promise<V1Status>((resolve, reject) => {
      const input = new PassThrough();
      new Exec(kube.config).exec(namespace, pod.name, pod.container, command, process.stdout, process.stderr, input, tty, resolve).then((socket) => {
        socket.onclose = () => reject(new Failure(`the connection to pod ${pod.name} was closed`));
        if (tty || socket.protocol === TELLS_END_OF_INPUT) {
          process.stdin.pipe(input);
        } else if (readsInput(args)) {
          reject(new Failure(`the API server ${kube.server} cannot tell psql where its input ends (Kubernetes 1.30 and newer can): give commands with -c, or use a terminal`));
          socket.close();
        }
      }, (error: unknown) => reject(refusal(error, kube, namespace)));
    }));
  } finally {
    if (tty) process.stdin.setRawMode(false);
  }
}

function exitCode({ status, details, message }: V1Status): number {
  if (status === 'Success') return EXIT.ok;
  const code = details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message;
  if (code === undefined) throw new Failure(message ?? 'psql could not be run');
  return Number(code);
}

/** Of a WebSocket that was not opened only the number is told. */
function refusal(error: unknown, { config, server }: Kube, namespace: string): Failure {
  const message = (error as { message?: unknown }).message;
  const text = typeof message === 'string' ? message : String(error);
  if (!text.includes('403')) return new Failure(`the API server ${server} does not open a connection to the pod: ${text}`);
  return new Failure(missingRight(config.getCurrentUser()?.name ?? 'this user', 'create', 'pods/exec', '', namespace), EXIT.refused);
}

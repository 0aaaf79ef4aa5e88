/**
 * A real API server with its etcd, alone on loopback: no nodes and no controllers, so objects only change when somebody changes them.
 *
 * The programs are those of the local test cluster (test/cluster/cluster build).
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { issue, makeAuthority } from '../../../../src/agent/credentials/pki.js';
import type { ApiAccess } from '../../../../src/agent/kube/access.js';
import { KubeApi } from '../../../../src/agent/kube/client.js';

const PROGRAMS = join(process.env.CLUSTER_CACHE ?? '/var/cache/cdk8s-postgres', 'bin');
const START_TIMEOUT_MS = 60_000;

/** What a request's bearer token makes of its sender. */
export type Sender = 'admin' | 'agent';
const TOKENS: Record<Sender, string> = { admin: 'the-admin', agent: 'the-agent' };

export class ApiServer {
  static async start(): Promise<ApiServer> {
    for (const program of ['kube-apiserver', 'kubectl']) {
      if (!existsSync(join(PROGRAMS, program))) throw new Error(`${PROGRAMS}/${program} is missing: run test/cluster/cluster build`);
    }
    const directory = mkdtempSync(join(process.env.CDK8S_POSTGRES_TEST_DIR!, 'api-'));
    const [etcd, peer, port] = await freePorts(3);
    const server = new ApiServer(directory, port!, await certificates(directory));
    server.run('etcd', 'etcd', [
      '--data-dir', join(directory, 'etcd'), '--unsafe-no-fsync',
      '--listen-client-urls', `http://127.0.0.1:${etcd}`, '--advertise-client-urls', `http://127.0.0.1:${etcd}`,
      '--listen-peer-urls', `http://127.0.0.1:${peer}`, '--initial-advertise-peer-urls', `http://127.0.0.1:${peer}`,
      '--initial-cluster', `default=http://127.0.0.1:${peer}`,
    ]);
    server.run('kube-apiserver', join(PROGRAMS, 'kube-apiserver'), server.flags(etcd!));
    try {
      await server.ready();
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  private readonly children: ChildProcess[] = [];

  private constructor(readonly directory: string, readonly port: number, private readonly authority: string) {}

  access(sender: Sender): ApiAccess {
    return { server: new URL(`https://localhost:${this.port}`), authority: this.authority, token: () => TOKENS[sender] };
  }

  api(sender: Sender, namespace: string, requestTimeout = 10_000): KubeApi {
    return new KubeApi({ access: this.access(sender), namespace, requestTimeout: () => requestTimeout });
  }

  kubectl(args: readonly string[], input?: string): string {
    const options = ['--server', `https://localhost:${this.port}`, '--certificate-authority', join(this.directory, 'ca.crt'), '--token', TOKENS.admin];
    // Nothing of the caller's own kubectl.
    const env = { PATH: process.env.PATH, HOME: this.directory };
    return execFileSync(join(PROGRAMS, 'kubectl'), [...options, ...args], { encoding: 'utf8', input, env, stdio: 'pipe' });
  }

  async stop(): Promise<void> {
    for (const child of this.children.reverse()) {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await gone;
      }
    }
  }

  private flags(etcd: number): string[] {
    const file = (name: string) => join(this.directory, name);
    writeFileSync(file('tokens.csv'), `${TOKENS.admin},admin,admin,"system:masters"\n${TOKENS.agent},agent,agent\n`);
    return [
      `--etcd-servers=http://127.0.0.1:${etcd}`, '--bind-address=127.0.0.1', `--secure-port=${this.port}`,
      `--tls-cert-file=${file('server.crt')}`, `--tls-private-key-file=${file('server.key')}`,
      '--service-account-issuer=https://localhost', `--service-account-key-file=${file('server.crt')}`, `--service-account-signing-key-file=${file('server.key')}`,
      `--token-auth-file=${file('tokens.csv')}`, '--authorization-mode=RBAC', '--service-cluster-ip-range=10.0.0.0/24',
      // Without controllers no namespace has a service account; pods are only objects here.
      '--disable-admission-plugins=ServiceAccount', '--profiling=false',
    ];
  }

  private run(name: string, program: string, args: string[]): void {
    const log = openSync(join(this.directory, `${name}.log`), 'w');
    this.children.push(spawn(program, args, { stdio: ['ignore', log, log] }));
  }

  private async ready(): Promise<void> {
    const deadline = Date.now() + START_TIMEOUT_MS;
    let why: unknown;
    while (Date.now() < deadline) {
      const broken = this.children.find((child) => child.exitCode !== null);
      if (broken !== undefined) throw new Error(`${broken.spawnfile} ended: ${this.tail()}`);
      try {
        this.kubectl(['get', '--raw', '/readyz']);
        this.kubectl(['create', 'namespace', 'shop']);
        return;
      } catch (error) {
        why = error;
        await sleep(300);
      }
    }
    throw new Error(`the API server is not ready after ${START_TIMEOUT_MS} ms: ${String(why)}\n${this.tail()}`);
  }

  private tail(): string {
    return ['etcd', 'kube-apiserver'].map((name) => readFileSync(join(this.directory, `${name}.log`), 'utf8').slice(-1000)).join('\n');
  }
}

async function certificates(directory: string): Promise<string> {
  const now = new Date();
  const authority = await makeAuthority('test', now);
  const server = await issue(authority, { commonName: 'localhost', usage: 'server', dnsNames: ['localhost'] }, now);
  mkdirSync(directory, { recursive: true });
  for (const [name, text] of Object.entries({ 'ca.crt': authority.certificate, 'server.crt': server.certificate, 'server.key': server.key })) {
    writeFileSync(join(directory, name), text);
  }
  return authority.certificate;
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return server;
  }));
  return Promise.all(servers.map(async (server) => {
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }));
}

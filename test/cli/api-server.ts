/** An API server on loopback that answers as a test says: with faults that a real one cannot be asked for. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { V1Pod } from '@kubernetes/client-node';
import { Program } from './program';
import { spec } from './seen';
import type { ClusterSpec } from '../../src/contract';

export type Answer = (response: ServerResponse, query: URLSearchParams) => void;

export const PODS = '/api/v1/namespaces/shop/pods';

export class ApiServer {
  readonly #answers = new Map<string, Answer>();
  readonly #programs: Program[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), 'api-server-'));
  readonly http = createServer((request, response) => this.#answer(request, response));

  static async start(): Promise<ApiServer> {
    const server = new ApiServer();
    server.http.listen(0, '127.0.0.1');
    await once(server.http, 'listening');
    const { port } = server.http.address() as AddressInfo;
    writeFileSync(server.kubeconfig, JSON.stringify({
      'apiVersion': 'v1', 'kind': 'Config', 'current-context': 'test',
      'clusters': [{ name: 'test', cluster: { 'server': `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } }],
      'users': [{ name: 'anna', user: { token: 'anna' } }],
      'contexts': [{ name: 'test', context: { cluster: 'test', user: 'anna', namespace: 'shop' } }],
    }));
    return server;
  }

  /** `what`: method and path. */
  on(what: string, answer: Answer | object): this {
    this.#answers.set(what, typeof answer === 'function' ? answer as Answer : (response) => json(response, 200, answer));
    return this;
  }

  /** The spec of a cluster, and its pods. */
  with(cluster: ClusterSpec = spec(), pods: readonly V1Pod[] = [instancePod('1')]): this {
    return this
      .on('GET /api/v1/namespaces/shop/configmaps', { items: [{ metadata: { name: 'orders', namespace: 'shop' }, data: { 'spec.json': JSON.stringify(cluster) } }] })
      .on(`GET ${PODS}`, { items: pods });
  }

  run(verb: string, ...args: readonly string[]): Program {
    const program = new Program([verb, '--kubeconfig', this.kubeconfig, ...args]);
    this.#programs.push(program);
    return program;
  }

  /** And what it was asked by. */
  async close(): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.stop()));
    this.http.closeAllConnections();
    this.http.close();
    rmSync(this.#folder, { recursive: true });
  }

  private get kubeconfig(): string {
    return join(this.#folder, 'config');
  }

  #answer({ method, url = '' }: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(url, 'http://loopback');
    const answer = this.#answers.get(`${method} ${pathname}`);
    if (answer === undefined) json(response, 404, { kind: 'Status', message: `${method} ${pathname} is not there` });
    else answer(response, searchParams);
  }
}

export function json(response: ServerResponse, code: number, body: object): void {
  response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

export function forbidden(response: ServerResponse, verb: string, resource: string): void {
  json(response, 403, { kind: 'Status', message: `pods "x" is forbidden: User "anna" cannot ${verb} resource "${resource}" in API group "" in the namespace "shop"` });
}

export function instancePod(instance: string): V1Pod {
  return {
    metadata: { name: `orders-${instance}-0`, labels: { 'cdk8s-postgres/cluster': 'orders', 'cdk8s-postgres/component': 'instance', 'cdk8s-postgres/instance': instance } },
    spec: { containers: [{ name: 'postgres' }], initContainers: [{ name: 'agent', image: 'agent:1' }] },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
  };
}

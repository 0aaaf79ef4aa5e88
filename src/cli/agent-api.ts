/**
 * The agents' API: mutual TLS over a port-forward, so that a kubeconfig is all that is needed. Who may read the Secret of a level
 * (`viewer`, `operator`, `admin`) is that to the agents.
 */
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { Duplex, PassThrough, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { connect, type TLSSocket } from 'node:tls';
import { PortForward } from '@kubernetes/client-node';
import { Failure } from './exit.js';
import type { Kube } from './kube.js';
import type { Found } from './observe.js';
import { API_PORT } from '../contract/ports.js';
import { CERTIFICATE_KEYS, type AccessLevel } from '../contract/secrets.js';

/** Of an answer, which has a heartbeat every ten seconds. */
const SILENCE_MS = 30_000;

interface Certificate {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

export class AgentApi {
  private constructor(private readonly kube: Kube, private readonly found: Found, private readonly certificate: Certificate) {}

  /** With the certificate of that level, which one must have the right to read. */
  static async as(level: AccessLevel, kube: Kube, found: Found): Promise<AgentApi> {
    const { namespace, spec } = found;
    const name = spec.objects.accessSecrets?.[level];
    if (name === undefined) throw new Failure(`cluster ${spec.cluster} was synthesized by an older library, whose agents have no API for people; synthesize and apply it again`);
    const { data = {} } = await kube.ask(kube.core.readNamespacedSecret({ namespace, name }));
    const read = (key: string): string => {
      if (data[key] === undefined) throw new Failure(`Secret ${name} has no ${key} yet; the leader's agent fills it within seconds`);
      return Buffer.from(data[key], 'base64').toString();
    };
    return new AgentApi(kube, found, { cert: read(CERTIFICATE_KEYS.certificate), key: read(CERTIFICATE_KEYS.key), ca: read(CERTIFICATE_KEYS.authority) });
  }

  async get<T>(instance: string, path: string): Promise<T> {
    return JSON.parse(await text(await this.#call(instance, 'GET', path))) as T;
  }

  /** Tells each line as it comes; resolves to the end of the work, or rejects when it is not heard of. */
  async work(instance: string, path: string, onLine: (line: string) => void): Promise<{ readonly ok: boolean; readonly message?: string }> {
    for await (const line of createInterface({ input: await this.#call(instance, 'POST', path) })) {
      const message = JSON.parse(line) as { line?: string; end?: { ok: boolean; message?: string } };
      if (message.line !== undefined) onLine(message.line);
      if (message.end !== undefined) return message.end;
    }
    throw new Failure(`the agent of instance ${instance} went away before the end; how it ended is in the status and the logs`);
  }

  async #call(instance: string, method: string, path: string): Promise<IncomingMessage> {
    const { namespace, spec } = this.found;
    const pod = spec.instances.find(({ name }) => name === instance)?.pod;
    if (pod === undefined) throw new Failure(`cluster ${spec.cluster} has no instance ${instance}; there are: ${spec.instances.map(({ name }) => name).join(', ')}`);
    const socket = await this.#connect(pod, `${pod}.${spec.objects.instancesService}.${namespace}.svc`);
    const outgoing = request({ method, path, host: pod, timeout: SILENCE_MS, createConnection: () => socket });
    outgoing.on('timeout', () => outgoing.destroy(new Error(`nothing was heard for ${SILENCE_MS / 1000} s`))).end();
    const [answer] = await once(outgoing, 'response') as [IncomingMessage];
    // Its end ends the port-forward too, and with it the program.
    answer.once('close', () => socket.destroy());
    if (answer.statusCode === 200) return answer;
    throw new Failure(`instance ${instance} refuses: ${(await text(answer)).trim()}`);
  }

  async #connect(pod: string, servername: string): Promise<TLSSocket> {
    const toPod = new PassThrough();
    const stream = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _, done) => { toPod.write(chunk, done); },
      final: (done) => { toPod.end(done); },
    });
    const fromPod = new Writable({ write: (chunk: Buffer, _, done) => { stream.push(chunk); done(); } });
    // Each channel begins with the port's number, of which an empty rest is left.
    const errors = new Writable({ write: (chunk: Buffer, _, done) => { if (chunk.length > 0) stream.destroy(new Error(chunk.toString().trim())); done(); } });
    const tunnel = await this.kube.ask(new PortForward(this.kube.config).portForward(this.found.namespace, pod, [API_PORT], fromPod, errors, toPod));
    const socket = connect({ socket: stream, servername, ...this.certificate });
    socket.once('close', () => { if ('close' in tunnel) tunnel.close(); });
    try {
      await once(socket, 'secureConnect');
    } catch (error) {
      throw new Failure(`the agent in pod ${pod} cannot be called: ${(error as Error).message}`);
    }
    return socket;
  }
}

/** The API server, as kubectl finds it. */
import { BatchV1Api, CoordinationV1Api, CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { Failure } from './exit.js';
import { codeOf, explain } from './refusal.js';
import { HEALTH_PORT, HEALTH_ROUTES } from '../contract/ports.js';
import type { AgentStatus } from '../contract/status.js';

export interface ConnectionOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
}

/** An agent that does not answer must not hold up what the others say. */
const STATUS_WITHIN_MS = 5_000;

export class Kube {
  readonly config = new KubeConfig();
  readonly namespace: string;
  readonly core: CoreV1Api;
  readonly batch: BatchV1Api;
  readonly coordination: CoordinationV1Api;

  constructor({ kubeconfig, context, namespace }: ConnectionOptions) {
    this.#load(kubeconfig);
    if (context !== undefined) this.config.setCurrentContext(context);
    const chosen = this.config.getContextObject(this.config.getCurrentContext());
    if (chosen === null || this.config.getCurrentCluster() === null) {
      const known = this.config.getContexts().map(({ name }) => name).join(', ');
      throw new Failure(`there is no context "${this.config.getCurrentContext()}" in the kubeconfig; there are: ${known || 'none'}`);
    }
    this.namespace = namespace ?? chosen.namespace ?? 'default';
    this.core = this.config.makeApiClient(CoreV1Api);
    this.batch = this.config.makeApiClient(BatchV1Api);
    this.coordination = this.config.makeApiClient(CoordinationV1Api);
  }

  #load(kubeconfig: string | undefined): void {
    try {
      if (kubeconfig === undefined) this.config.loadFromDefault();
      else this.config.loadFromFile(kubeconfig);
    } catch (error) {
      throw new Failure(`the kubeconfig${kubeconfig === undefined ? '' : ` ${kubeconfig}`} cannot be read: ${(error as Error).message}`);
    }
  }

  get server(): string {
    return this.config.getCurrentCluster()?.server ?? '';
  }

  /** Rejects with a Failure that says what to do. */
  async ask<T>(request: Promise<T>): Promise<T> {
    try {
      return await request;
    } catch (error) {
      throw explain(error, this.server);
    }
  }

  /** null when there is no such object. */
  async find<T>(request: Promise<T>): Promise<T | null> {
    return this.ask(request.catch((error: unknown) => {
      if (codeOf(error) === 404) return null;
      throw error;
    }));
  }

  /** Through the API server, so that nothing but the kubeconfig is needed; or why the agent does not answer. */
  async status(namespace: string, pod: string): Promise<AgentStatus | string> {
    const path = HEALTH_ROUTES.status.slice(1);
    try {
      const answer: unknown = await within(STATUS_WITHIN_MS, this.core.connectGetNamespacedPodProxyWithPath({ name: `${pod}:${HEALTH_PORT}`, namespace, path }));
      return (typeof answer === 'string' ? JSON.parse(answer) : answer) as AgentStatus;
    } catch (error) {
      const failure = explain(error, this.server);
      // A right that is missing for one pod is missing for all.
      if (codeOf(error) === 401 || codeOf(error) === 403) throw failure;
      return failure.message;
    }
  }
}

function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Failure(`no answer within ${ms / 1000} s`)), ms);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** One agent's way to the API server, with everything that can happen on it: lost, late and repeated silence, in both directions (I5). */
import type { ApiServer } from './api-server.js';
import type { Machine } from './machine.js';
import { API, type Network } from './network.js';
import type { Process } from './scheduler.js';
import type { Claims, LeaseReading, LeaseStore, Pods, Result, StateStore } from '../../../src/agent/kube/types.js';
import type { Random } from '../../random.js';

export interface ApiClientContext {
  readonly server: ApiServer;
  readonly network: Network;
  readonly machine: Machine;
  readonly process: Process;
  readonly random: Random;
  readonly requestTimeout: number;
}

export class ApiClient {
  readonly lease: LeaseStore;
  readonly state: StateStore;
  readonly claims: Claims;
  readonly pods: Pods;

  constructor(private readonly context: ApiClientContext) {
    const { server } = context;
    this.lease = {
      get: () => this.#call(() => ok(server.readLease())),
      create: (body) => this.#call(() => server.createLease(body)),
      replace: (previous, body) => this.#call(() => server.replaceLease(previous, body)),
      watch: (wake, signal) => this.#watchLease(wake, signal),
    };
    this.state = {
      get: () => this.#call(() => ok(server.readState())),
      create: (state) => this.#call(() => server.createState(state)),
      replace: (previous, state) => this.#call(() => server.replaceState(previous, state)),
    };
    this.claims = {
      list: () => this.#call(() => ok(server.claims())),
      annotate: (name, systemId) => this.#call(() => server.annotate(name, systemId)),
    };
    this.pods = {
      list: () => this.#call(() => ok(server.pods())),
      watch: (wake, signal) => this.#watchPods(wake, signal),
      labelRole: () => this.#call(() => ok(undefined)),
      delete: () => Promise.reject(new Error('no agent of this simulation rolls pods')),
    };
  }

  #call<T>(serve: () => Result<T>): Promise<Result<T>> {
    const { server, network, machine, process, requestTimeout } = this.context;
    const { scheduler } = process;
    return new Promise((resolve) => {
      const settle = (result: Result<T>): void => {
        scheduler.cancel(timeout);
        resolve(result);
      };
      const timeout = scheduler.after(requestTimeout / machine.rate, () => settle(unreachable('no answer in time')), process);
      if (!network.delivers(machine.name, API)) return;
      // Once it is on its way, nobody can call a request back: it may arrive long after its sender has given up.
      scheduler.after(network.latency(), () => {
        if (server.condition === 'silent') return;
        const result = server.condition === 'refusing' ? unreachable('connection refused') : serve();
        if (!network.delivers(API, machine.name)) return;
        scheduler.after(network.latency(), () => settle(result), process);
      });
    });
  }

  /** Events may be late or missing, and say nothing when the line is cut (I34). */
  #watchLease(wake: (seen: LeaseReading) => void, signal: AbortSignal): Promise<void> {
    return this.#watch((tell) => this.context.server.watchLease((reading) => tell(() => wake(reading))), signal);
  }

  #watchPods(wake: () => void, signal: AbortSignal): Promise<void> {
    return this.#watch((tell) => this.context.server.watchPods(() => tell(wake)), signal);
  }

  #watch(start: (tell: (deliver: () => void) => void) => () => void, signal: AbortSignal): Promise<void> {
    const { server, network, machine, process } = this.context;
    const stop = start((deliver) => {
      if (!process.alive) return stop();
      if (server.condition === 'up' && network.delivers(API, machine.name)) process.scheduler.after(network.latency(), deliver, process);
    });
    signal.addEventListener('abort', stop);
    return Promise.resolve();
  }
}

function ok<T>(value: T): Result<T> {
  return { ok: true, value };
}

function unreachable(message: string): Result<never> {
  return { ok: false, kind: 'unreachable', message };
}

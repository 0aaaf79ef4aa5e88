/** What each role of the agent is given, and what it shows while it runs. */
import type { Logger } from 'pino';
import type { HealthView } from '../api/types.js';
import type { Environment } from '../environment.js';
import type { KubeApi } from '../kube/client.js';
import type { Events } from '../kube/types.js';
import type { Metrics } from '../metrics/registry.js';
import type { Clock } from '../ports.js';
import type { ProblemBoard } from '../problems.js';
import type { SpecWatcher } from '../spec-watcher.js';

export interface RoleContext {
  readonly environment: Environment;
  readonly api: KubeApi;
  readonly events: Events;
  readonly problems: ProblemBoard;
  /** Served at /metrics: each role adds its own. */
  readonly metrics: Metrics;
  readonly specs: SpecWatcher;
  readonly clock: Clock;
  readonly log: Logger;
  /** Aborted when the pod is told to stop. */
  readonly leaving: AbortSignal;
}

export interface RoleView {
  health(): HealthView;
}

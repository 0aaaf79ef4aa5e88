/** The agent of a pod, put together: what all roles have in common, then the role. Every part tells its own story. */
import { startHealthServer } from './api/health-server.js';
import { monotonicClock as clock } from './clock.js';
import { readEnvironment } from './environment.js';
import { inClusterAccess } from './kube/access.js';
import { KubeApi } from './kube/client.js';
import { KubeEvents } from './kube/events.js';
import { KubeSpecSource } from './kube/spec.js';
import { createLogger } from './log.js';
import { Metrics } from './metrics/registry.js';
import { ProblemBoard } from './problems.js';
import { requestBackup } from './request-backup.js';
import { AGENT_STATE_DIR, TMP_DIR } from '../contract/paths.js';
import { HEALTH_PORT } from '../contract/ports.js';
import type { AgentRole } from '../contract/spec.js';
import { DEFAULT_TIMING } from '../contract/timing.js';
import { runInstance } from './roles/instance.js';
import { runPooler } from './roles/pooler.js';
import { runRepo } from './roles/repo.js';
import type { RoleContext, RoleView } from './roles/role.js';
import { SpecWatcher } from './spec-watcher.js';

const ROLES: Partial<Record<AgentRole, (context: RoleContext, running: (view: RoleView) => void) => Promise<void>>> = {
  instance: runInstance,
  repo: runRepo,
  pooler: runPooler,
};

async function main(): Promise<void> {
  const environment = readEnvironment();
  const log = createLogger({ instance: environment.instance, pod: environment.podName });
  process.on('uncaughtException', (error) => {
    // An agent that does not know what it is doing must not go on; PID 1 ends PostgreSQL with it and starts a fresh one.
    log.fatal({ err: error }, 'unexpected error');
    process.exit(1);
  });
  const api = new KubeApi({
    access: inClusterAccess(), namespace: environment.namespace,
    requestTimeout: () => specs.current?.timing.requestTimeout ?? DEFAULT_TIMING.requestTimeout,
  });
  const events = new KubeEvents(api, { name: environment.podName, uid: environment.podUid });
  const problems = new ProblemBoard(log, events);
  const specs: SpecWatcher = new SpecWatcher(new KubeSpecSource(api, environment.specConfigMap, `${environment.role === 'instance' ? AGENT_STATE_DIR : TMP_DIR}/spec.json`), clock, problems);

  const metrics = new Metrics(() => ({ cdk8s_postgres_cluster: specs.current?.cluster ?? '', cdk8s_postgres_instance: environment.instance }));
  metrics.gauge('problem', '1 for each kind of trouble that the agent has now; /status and the Events of the pod tell what it is.',
    () => problems.current.map(({ code }) => ({ labels: { code }, value: 1 })));

  let view: RoleView = { health: () => ({ live: true, ready: { ok: false, why: 'starting' }, role: 'none', status: { problems: problems.current } }) };
  await startHealthServer({ port: HEALTH_PORT }, () => view.health(), () => metrics.render());

  const leaving = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      log.info({ signal }, 'told to stop');
      leaving.abort();
    });
  }
  void specs.keep();
  if (await specs.first(leaving.signal) !== null) {
    const run = ROLES[environment.role];
    if (run === undefined) throw new Error(`this agent does not know the role ${environment.role}`);
    await run({ environment, api, events, problems, metrics, specs, clock, log, leaving: leaving.signal }, (started) => { view = started; });
  }
  log.info('bye');
  process.exit(0);
}

if (process.argv[2] === 'request-backup') void requestBackup(process.argv.slice(3)).then((code) => process.exit(code));
else void main();

/** Role `pooler`: the agent that runs a pgBouncer. Builds the parts, joins their wake-ups, and runs until its clients have gone. */
import { join } from 'node:path';
import type { RoleContext, RoleView } from './role.js';
import { POOLER_DIR } from '../../contract/paths.js';
import { DEFAULT_TIMING } from '../../contract/timing.js';
import { longestPause } from '../core/pooling.js';
import { VolumeCopies } from '../credentials/copies.js';
import { SECRETS } from '../kube/client.js';
import { KubeLeaseStore } from '../kube/lease.js';
import { KubeSecrets } from '../kube/secrets.js';
import { watchAll } from '../kube/watch.js';
import { PoolerCertificates } from '../pooler/certificates.js';
import { Console } from '../pooler/console.js';
import { PoolerKeeper } from '../pooler/keeper.js';
import { PrimaryProbe } from '../pooler/primary-probe.js';
import { PgBouncerProcess } from '../pooler/process.js';

/** Besides the watches, which say nothing about the time between two changes. */
const LEASE_POLL = 5_000;
const SECRET_POLL = 10_000;
const SECRET_RETRY = 1_000;
/** The nodes' proxies have left this pod out by then; until then it takes connections as ever. */
const ENDPOINTS_TAKE = 3_000;
/** Less than the pod's grace period is left after the above (TERMINATION_GRACE_SECONDS). */
const DRAINS_WITHIN = 50_000;

export async function runPooler(context: RoleContext, running: (view: RoleView) => void): Promise<void> {
  const { environment, api, problems, specs, clock, log, leaving } = context;
  const { objects, cluster } = specs.current!;
  const paths = { directory: POOLER_DIR };
  const pgbouncer = new PgBouncerProcess(paths, log);
  const keeper = new PoolerKeeper({
    paths, clock, problems, log,
    process: pgbouncer,
    console: new Console(POOLER_DIR),
    probe: new PrimaryProbe(),
    pooler: () => specs.current?.pooler ?? null,
    clientTls: () => specs.current?.clientTls ?? 'require',
    longestPause: () => longestPause(specs.current?.timing ?? DEFAULT_TIMING),
    hostOf: (instance) => {
      const pod = specs.current?.instances.find(({ name }) => name === instance)?.pod;
      return pod === undefined ? null : `${pod}.${objects.instancesService}`;
    },
  });
  running({
    health: () => {
      const why = leaving.aborted ? 'the pod is terminating' : keeper.unready;
      return {
        live: keeper.isLive, role: 'none', ready: { ok: why === null, why: why ?? 'pgBouncer answers' },
        status: { role: 'pooler', pod: environment.podName, ready: why === null, ...keeper.status, problems: problems.current },
      };
    },
  });

  const over = new AbortController();
  const leases = new KubeLeaseStore(api, objects.lease, cluster);
  void leases.watch((reading) => keeper.leaseIs(reading), over.signal);
  void (async () => {
    while (!over.signal.aborted) {
      const read = await leases.get();
      if (read.ok) keeper.leaseIs(read.value);
      await clock.sleep(LEASE_POLL, over.signal);
    }
  })();

  let changed = new AbortController();
  const certificates = new PoolerCertificates({
    secrets: new KubeSecrets(api), copies: new VolumeCopies(join(POOLER_DIR, 'copies')), namespace: environment.namespace,
    spec: () => specs.current, problems, now: () => new Date(),
  });
  void (async () => {
    while (!over.signal.aborted) {
      changed = new AbortController();
      const pairs = await certificates.changed();
      if (pairs !== null) keeper.certificatesAre(pairs);
      await clock.sleep(certificates.there ? SECRET_POLL : SECRET_RETRY, AbortSignal.any([over.signal, changed.signal]));
    }
  })();
  const name = specs.current?.pooler?.secret;
  if (name !== undefined) void watchAll(api, SECRETS, { name }, () => changed.abort(), over.signal);

  specs.onChange(() => { keeper.wake(); changed.abort(); });
  const keeping = keeper.keep(over.signal);
  if (!leaving.aborted) await new Promise((resolve) => { leaving.addEventListener('abort', resolve, { once: true }); });
  await clock.sleep(ENDPOINTS_TAKE);
  // Not followed any more: a RESUME would take the end back.
  over.abort();
  await keeping;
  await pgbouncer.drain(DRAINS_WITHIN);
}

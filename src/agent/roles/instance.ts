/** Role `instance`: the agent that runs a PostgreSQL. Builds the parts, joins their wake-ups, and runs until it has left. */
import { audited, journalOf } from './journal.js';
import { mountsOf, pathsOf } from './places.js';
import type { RoleContext, RoleView } from './role.js';
import { AGENT_STATE_DIR, BOOTSTRAP_DIR, CERTIFICATES_DIR, MONITORING_DIR, PGBACKREST_CONFIG } from '../../contract/paths.js';
import { API_PORT, POSTGRES_PORT } from '../../contract/ports.js';
import type { ClusterSpec } from '../../contract/spec.js';
import { HttpsPeerClient } from '../api/peer-client.js';
import { startPeerServer } from '../api/peer-server.js';
import type { PeerHandlers, PeerServer } from '../api/types.js';
import { InstanceBackups } from '../backups/instance.js';
import { KubeClusterStates } from '../cluster-states.js';
import { Switchovers } from '../control/switchover.js';
import type { LeaderRecord, LeaseView } from '../core/types.js';
import { PipeDeadman } from '../deadman.js';
import { CredentialsKeeper } from '../duties/credentials.js';
import { DutyRunner } from '../duties/duty.js';
import { primaryDuty, slotDuty } from '../duties/primary.js';
import { rolloutDuty } from '../duties/rollout.js';
import { routingDuty, takeOverTraffic } from '../duties/routing.js';
import { volumesDuty } from '../duties/volumes.js';
import { KubeClaims } from '../kube/claims.js';
import { KubeConfigFiles } from '../kube/config-files.js';
import { KubeLeaseStore } from '../kube/lease.js';
import { KubePods } from '../kube/pods.js';
import { KubeSecrets } from '../kube/secrets.js';
import { KubeStateStore } from '../kube/state.js';
import { KubeStatefulSets } from '../kube/stateful-sets.js';
import { LeaseKeeper } from '../lease-keeper.js';
import { SupervisedPostgres } from '../local/local-postgres.js';
import { VolumeWatch } from '../local/volumes.js';
import { Loop } from '../loop.js';
import { instanceMetrics } from '../metrics/instance.js';
import { PeerDirectory } from '../peers.js';
import type { Clock } from '../ports.js';
import { renderConfig } from '../postgres/config.js';
import { installedMajor } from '../postgres/controldata.js';
import { clientAccess } from '../postgres/hba.js';
import { checkpoint } from '../postgres/local.js';
import type { WalRange } from '../postgres/types.js';
import { receiveWal, sendWal } from '../postgres/wal-handover.js';
import { writeSource } from '../restore/source.js';
import { KubeEndpointSlices } from '../routing/endpoint-slice.js';
import { UserSettings } from '../settings/keeper.js';
import { candidatesOf, healthOf, reportOf } from '../status.js';

const HEARTBEAT = 1_000;
const PODS_POLL = 5_000;
const HANDOVER_TIMEOUT = 5_000;
const FIRST_LOOK = 2_000;

/** Resolves when this instance has left. */
export async function runInstance(context: RoleContext, running: (view: RoleView) => void): Promise<void> {
  const { environment, api, events, problems, metrics, specs, clock, log } = context;
  const spec = (): ClusterSpec => specs.current!;
  const { objects, cluster } = spec();
  const me = { instance: environment.instance, podUid: environment.podUid, bootId: environment.bootId, kernelBootId: environment.kernelBootId };
  const address = { ip: environment.podIp, podName: environment.podName, podUid: environment.podUid, nodeName: environment.nodeName };
  const paths = pathsOf(spec(), environment.instance);
  const journal = journalOf(log, events, problems);
  const deadman = new PipeDeadman();
  const volumes = new VolumeWatch(mountsOf(spec(), environment.instance), clock.now);

  const pods = new KubePods(api, cluster);
  const client = new HttpsPeerClient();
  const peers = new PeerDirectory({ instance: environment.instance, namespace: environment.namespace, spec: () => specs.current, pods, client, clock });
  const states = new KubeClusterStates({
    store: new KubeStateStore(api, objects.state, cluster), clock,
    claims: new KubeClaims(api, cluster, () => spec().instances.flatMap((i) => i.dataClaim ?? [])),
    dataClaim: () => {
      const own = spec().instances.find((i) => i.name === environment.instance);
      return own === undefined ? null : { name: own.dataClaim };
    },
  });
  const leaseStore = new KubeLeaseStore(api, objects.lease, cluster);
  const lease = new LeaseKeeper(leaseStore, clock, me, () => loop.wake());

  const kubeSecrets = new KubeSecrets(api);
  const files = new KubeConfigFiles(api, kubeSecrets);
  const backups: InstanceBackups = new InstanceBackups({
    instance: environment.instance, namespace: environment.namespace, paths, secrets: kubeSecrets, files, spec, snapshot: () => loop.snapshot,
    credentials: () => credentials.current, clock, events, problems, metrics, log,
  });
  const credentials: CredentialsKeeper = new CredentialsKeeper({
    namespace: environment.namespace, secrets: kubeSecrets, spec, snapshot: () => loop.snapshot, problems, log,
    directories: { copies: `${AGENT_STATE_DIR}/credentials`, certificates: CERTIFICATES_DIR, monitoring: MONITORING_DIR },
    renewed: async (fresh) => {
      client.setCertificates(fresh);
      if (peerServer === null) peerServer = await startPeerServer({ port: API_PORT }, fresh, handlers);
      else peerServer.setCertificates(fresh);
      postgres.server.reload();
    },
    filled: () => duties.primary.wake(),
  });
  const major = await installedMajor(paths);
  const settings = new UserSettings({
    files, spec, paths, log,
    render: (parameters) => renderConfig(paths, {
      major, instance: environment.instance, osUser: environment.osUser, parameters, role: 'primary', upstream: null, readOnly: false, standbyFloor: {}, stanza: backups.stanza, hba: clientAccess(spec()),
    }).text,
    changed: () => duties.settings.wake(),
  });
  const postgres = new SupervisedPostgres(paths, {
    instance: environment.instance, major, osUser: environment.osUser,
    parameters: async () => {
      // The first start should have them already; without them it starts all the same.
      if (!settings.known) await duties.configuration.once().catch(() => undefined);
      return settings.current;
    },
    startedWith: (parameters) => settings.proved(parameters),
    notStartedWith: (parameters, why) => { settings.failed(parameters, why); duties.configuration.wake(); },
    hba: () => clientAccess(spec()),
    stanza: () => backups.stanza,
    readOnly: () => volumes.full !== null,
    problem: (code, message) => problems.set(code, message),
    upstream: (instance) => {
      const host = peers.hostOf(instance);
      const hostaddr = peers.ipOf(instance);
      const serverName = credentials.current?.shown.name ?? undefined;
      return host === null || hostaddr === null ? null : { host, serverName, hostaddr, port: POSTGRES_PORT };
    },
    // The Lease is newer than the state object, which is read less often.
    systemId: () => (states.view.kind === 'present' && states.view.systemId !== null ? states.view.systemId : leaderOf(lease.view)?.systemId ?? null),
    ownStanza: async () => {
      if (backups.stanza === null) return null;
      // A pod's first configuration may have come before its certificate did. Without one the repo says why it cannot be used.
      await duties.backupConfiguration.once().catch(() => undefined);
      return { config: PGBACKREST_CONFIG, stanza: backups.stanza };
    },
    bootstrap: async () => {
      const { bootstrap } = spec();
      if (bootstrap === undefined) throw new Error('the spec no longer names a backup to begin with');
      return { bootstrap, source: await writeSource(BOOTSTRAP_DIR, paths.pgdata, bootstrap, kubeSecrets) };
    },
    credentials: async () => { if (credentials.current === null) await duties.credentials.once(); },
    receiveHandover: async (from, range) => {
      const peer = peers.addressOf(from);
      if (peer === null) throw new Error(`instance ${from} has no address`);
      const wal = await client.wal(peer, { timeline: range.timeline, from: range.start, end: range.end }, HANDOVER_TIMEOUT);
      if (!wal.ok) throw new Error(`instance ${from} does not hand over its WAL: ${wal.message}`);
      await receiveWal(paths, wal.value);
    },
  }, log, clock.now);

  let wasPrimary = false;
  let promotedAt: Date | null = null;
  const loop: Loop = new Loop(
    { clock, lease, states, peers, postgres, volumes, deadman, journal, spec: () => specs.view },
    { ...me, deadBootIds: environment.deadBootIds },
    (snapshot, decision) => {
      backups.passed(snapshot);
      const leads = snapshot.postgres.kind === 'primary' && snapshot.lease.kind === 'mine';
      if (leads !== wasPrimary) {
        wasPrimary = leads;
        if (leads) void becamePrimary(snapshot.postgres.kind === 'primary' ? snapshot.postgres.position.timeline : 1);
        else duties.routing.wake();
      }
      measure(snapshot);
      problems.set('LeaseProblem', lease.problem);
      problems.set('StateProblem', states.problem);
      problems.set('RestartPending', pendingRestart(postgres.pendingRestart));
      if (decision.action.do === 'wait' && (decision.action.code === 'Leading' || decision.action.code === 'Following')) problems.set('ActionFailed', null);
      const { code, reason } = waiting(loop);
      problems.set('Blocked', code === null ? null : `${code}: ${reason}`);
    },
  );
  const health = () => healthOf(loop.snapshot, loop.decision, clock.now(), problems, lease.slowestRenewal, backups.status());
  const measure = instanceMetrics(metrics, {
    snapshot: () => loop.snapshot, ready: () => health().ready.ok, slowestRenewal: () => lease.slowestRenewal, promotedAt: () => promotedAt,
    replayed: () => postgres.replayed, rooms: () => volumes.rooms,
  });
  const switchovers = new Switchovers({ clock, snapshot: () => loop.snapshot, handOver: (to) => loop.handOver(to), checkpoint: () => checkpoint(paths) });
  const handlers: PeerHandlers = {
    status: () => (loop.snapshot === null ? { instance: environment.instance } : reportOf(loop.snapshot)),
    // Somebody has news: ask, rather than wait for the next heartbeat.
    wake: () => { void peers.poll(); },
    backup: backups.handler,
    candidates: () => candidatesOf(loop.snapshot),
    switchover: (to, onLine) => switchovers.ask(to, onLine),
    audit: audited(log),
    // Only WAL that nobody writes any more is whole.
    wal: async (range: WalRange) => (postgres.view.postgres.kind === 'stopped' ? sendWal(paths, range) : null),
  };
  let peerServer: PeerServer | null = null;
  const note = (message: string, details: object) => log.info(details, message);
  const snapshot = () => loop.snapshot;
  const slices = new KubeEndpointSlices(api, { slice: objects.endpointSlice, service: objects.readWriteService, cluster });
  const routing = { slices, pods, snapshot, routing: () => spec().routing, me: address, listed: () => peers.pods };
  const inside = { paths, snapshot, spec: () => specs.current, passwords: () => credentials.passwords, instance: environment.instance, log: note };
  const runner = (duty: ConstructorParameters<typeof DutyRunner>[0]) => new DutyRunner(duty, clock, problems);
  const duties = {
    credentials: runner(credentials),
    routing: runner(routingDuty(routing)),
    primary: runner(primaryDuty(inside)),
    slots: runner(slotDuty(inside)),
    configuration: runner(settings),
    settings: runner({ name: 'Settings', every: 10_000, run: async () => { await postgres.applySettings(); } }),
    backupConfiguration: runner(backups.configuration),
    volumes: runner(volumesDuty({ volumes, problems, events, stateDir: paths.stateDir, log: note, changed: () => { loop.wake(); duties.settings.wake(); } })),
    rollout: runner(rolloutDuty({ ...inside, pods, statefulSets: new KubeStatefulSets(api, cluster), events, problems, dataMajor: major })),
  };

  const backupDuties = backups.duties.map(runner);

  async function becamePrimary(timeline: number): Promise<void> {
    promotedAt = new Date();
    try {
      await takeOverTraffic(routing);
      log.info({ timeline }, 'traffic comes here');
    } catch (error) {
      journal.failed('takeOverTraffic', error);
    }
    events.tell('Normal', 'BecamePrimary', `instance ${environment.instance} is primary on timeline ${timeline}`);
    peers.wakeAll();
    duties.credentials.wake();
    duties.primary.wake();
    duties.slots.wake();
    for (const duty of [duties.backupConfiguration, ...backupDuties]) duty.wake();
  }

  const over = new AbortController();
  context.leaving.addEventListener('abort', () => loop.leave());
  if (context.leaving.aborted) loop.leave();
  specs.onChange(() => { loop.wake(); for (const duty of [...Object.values(duties), ...backupDuties]) duty.wake(); });
  postgres.onChange(() => loop.wake());
  postgres.server.onLine((line) => backups.noteLogLine(line));
  peers.onChange(() => loop.wake());
  void leaseStore.watch((reading) => { void lease.noticed(reading).then(() => loop.wake()); }, over.signal);
  void pods.watch(() => { void peers.refreshPods(); }, over.signal);
  void every(PODS_POLL, clock, over.signal, () => peers.refreshPods());
  void every(HEARTBEAT, clock, over.signal, () => peers.poll());
  // What the first decisions need; whatever is slow is waited for by its own duty.
  const credentialsRead = duties.credentials.once().catch(() => undefined);
  const settingsRead = duties.configuration.once().catch(() => undefined);
  await Promise.race([Promise.all([lease.read(), postgres.refresh(), volumes.refresh(), peers.refreshPods(), credentialsRead, settingsRead]), clock.sleep(FIRST_LOOK)]);
  running({ health });
  for (const duty of [...Object.values(duties), ...backupDuties]) void duty.keep(over.signal);

  await loop.run();
  over.abort();
}

/** A wait that asks for a person, or null. */
function waiting(loop: Loop): { code: string | null; reason: string } {
  const decision = loop.decision;
  if (decision === null || decision.action.do !== 'wait') return { code: null, reason: '' };
  const { code } = decision.action;
  switch (code) {
    case 'MajorMismatch':
    case 'Unlisted':
    case 'DataUnreadable':
    case 'SystemIdMismatch':
    case 'InitializedWithoutData':
    case 'NotEligible':
    case 'WaitingForLock':
    case 'VolumeFull':
      return { code, reason: decision.reason };
    default:
      return { code: null, reason: '' };
  }
}

function pendingRestart(names: readonly string[]): string | null {
  return names.length === 0 ? null : `${names.join(', ')} ${names.length === 1 ? 'has' : 'have'} changed and will count when PostgreSQL starts again; delete the pods one by one, the primary's last`;
}

function leaderOf(view: LeaseView): LeaderRecord | null {
  return 'record' in view ? view.record.leader : null;
}

async function every(ms: number, clock: Clock, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await work();
    await clock.sleep(ms, signal);
  }
}

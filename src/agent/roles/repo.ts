/** Role `repo`: the agent on the repo host. It keeps the configuration of pgBackRest's server, the stanza, and makes all backups. */
import { audited } from './journal.js';
import type { RoleContext, RoleView } from './role.js';
import { PGBACKREST_CONFIG } from '../../contract/paths.js';
import { API_PORT } from '../../contract/ports.js';
import type { RepoStatus } from '../../contract/status.js';
import { startPeerServer } from '../api/peer-server.js';
import type { PeerHandlers, PeerServer } from '../api/types.js';
import { writeConfiguration } from '../backups/configure.js';
import { readRepoKeys } from '../backups/keys.js';
import { PgBackRest } from '../backups/pgbackrest.js';
import { BackupRunner } from '../backups/runner.js';
import { StanzaKeeper } from '../backups/stanza.js';
import { UserOptionsKeeper } from '../backups/user-options.js';
import { readCertificate } from '../credentials/served.js';
import { DutyRunner } from '../duties/duty.js';
import { KubeConfigFiles } from '../kube/config-files.js';
import { KubeSecrets } from '../kube/secrets.js';
import { backupMetrics } from '../metrics/backups.js';

/** Resolves when the pod is told to stop. */
export async function runRepo({ environment, api, events, problems, metrics, specs, clock, log, leaving }: RoleContext, running: (view: RoleView) => void): Promise<void> {
  const secrets = new KubeSecrets(api);
  let configured = false;
  let server: PeerServer | null = null;
  let served: string | null = null;
  const backups = () => {
    const { backups: wanted } = specs.current!;
    if (wanted === undefined) throw new Error('the spec has no backups any more; apply the synthesized manifests and remove this pod\'s StatefulSet');
    return wanted;
  };
  const pgBackRest = () => new PgBackRest(PGBACKREST_CONFIG, backups().stanza);
  const stanza = new StanzaKeeper({ clock, pgBackRest: () => (configured ? pgBackRest() : null), signal: () => leaving });
  backupMetrics(metrics, () => stanza.info);
  const options = new UserOptionsKeeper(new KubeConfigFiles(api, secrets), problems);
  const runner = new BackupRunner({ pgBackRest, stanza, events, problems, log, ended: () => { stanza.askAgain(); duties.stanza.wake(); } });

  async function configure(): Promise<void> {
    const { instances, objects } = specs.current!;
    const { repos, host, certificateSecret } = backups();
    const read = await readCertificate(secrets, certificateSecret);
    if ('why' in read) throw new Error(read.why);
    const { authority, ...pair } = read.certificate;
    const keys = await readRepoKeys(secrets, repos, true);
    const fqdn = (name: string) => `${name}.${environment.namespace}.svc`;
    const changed = await writeConfiguration(read.certificate, keys, [{
      backups: backups(), keys, options: await options.read(backups()), repoHost: fqdn(host!), file: PGBACKREST_CONFIG,
      place: { kind: 'repo', instances: instances.map(({ pod }) => fqdn(`${pod}.${objects.instancesService}`)) },
    }]);
    const material = { authority, server: pair };
    if (server === null) server = await startPeerServer({ port: API_PORT }, material, handlers);
    else if (served !== pair.certificate + authority) server.setCertificates(material);
    served = pair.certificate + authority;
    if (changed) {
      stanza.configurationChanged();
      duties.stanza.wake();
    }
    configured = true;
  }

  const noPrimary = { refused: 'this is the repo host: ask an instance' };
  const handlers: PeerHandlers = {
    status: () => ({ role: 'repo', ...stanza.status() }),
    wake: () => duties.stanza.wake(),
    wal: () => Promise.resolve(null),
    backup: ((request, signal, onLine) => (request.repo > backups().repos.length
      ? { refused: `there is no repo ${request.repo}` }
      : runner.backup(request, AbortSignal.any([signal, leaving]), onLine))),
    candidates: () => noPrimary,
    switchover: () => noPrimary,
    audit: audited(log),
  };
  const duties = {
    configuration: new DutyRunner({ name: 'BackupConfiguration', every: 5_000, run: configure }, clock, problems),
    stanza: new DutyRunner(stanza, clock, problems),
  };
  specs.onChange(() => duties.configuration.wake());
  running({
    health: () => ({
      live: true,
      // A repo that has trouble is told in problems; its server is needed all the same.
      ready: configured ? { ok: true, why: 'configured' } : { ok: false, why: 'pgBackRest has no configuration yet' },
      role: 'none',
      status: { role: 'repo', ready: configured, ...stanza.status(), running: runner.running, problems: problems.current } satisfies RepoStatus,
    }),
  });
  await Promise.all(Object.values(duties).map((duty) => duty.keep(leaving)));
}

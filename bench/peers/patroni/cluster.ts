/** A Patroni cluster under test: asked in its own way for what is asked of one of ours. */
import { INSTANCES, manifests, PASSWORD } from './manifests';
import { issue, newAuthority } from '../../../test/e2e/harness/certificates';
import { Cluster, type Access } from '../../../test/e2e/harness/cluster';
import type { Pod } from '../../../test/e2e/harness/pods';
import { CLUSTER, USER } from '../../../test/e2e/harness/program';
import { POSTGRES_PORT } from '../../../src/contract';

const API_PORT = 8008;
const ANSWERS_WITHIN_MS = 1_500;
const SERVER_NAME = 'patroni.bench';

interface Member {
  readonly name: string;
  readonly role: string;
  readonly state: string;
  readonly timeline?: number;
}

export class PatroniCluster extends Cluster {
  readonly #authority = newAuthority('bench');

  override async apply(): Promise<void> {
    await this.kubectl.apply(manifests(issue(this.#authority, { commonName: 'patroni', serial: '1', names: [SERVER_NAME] })));
  }

  override async findPrimary(): Promise<Pod | null> {
    const all = await Promise.all(this.pods.all.filter(({ ip }) => ip !== null).map(async (pod) => {
      const answer = await fetch(`http://${pod.ip}:${API_PORT}/primary`, { signal: AbortSignal.timeout(ANSWERS_WITHIN_MS) }).catch(() => null);
      return answer?.status === 200 ? [pod] : [];
    }));
    return all.flat()[0] ?? null;
  }

  override async whyUnhealthy(): Promise<string | null> {
    const primary = await this.findPrimary();
    if (primary === null) return 'no primary';
    const { members } = await (await fetch(`http://${primary.ip}:${API_PORT}/cluster`)).json() as { members: readonly Member[] };
    const leader = members.find(({ role }) => role === 'leader');
    const whole = members.filter(({ role, state, timeline }) => role === 'leader' || (state === 'streaming' && timeline === leader?.timeline));
    return members.length === INSTANCES.length && whole.length === INSTANCES.length ? null : JSON.stringify(members);
  }

  /** Once, when it is whole for the first time. */
  async prepare(): Promise<void> {
    const primary = await this.primary();
    await this.psql(primary, `CREATE ROLE ${USER} LOGIN PASSWORD '${PASSWORD}'`);
    await this.psql(primary, `CREATE DATABASE ${USER} OWNER ${USER}`);
  }

  override async access(): Promise<Access> {
    const { spec } = await this.kubectl.json<{ spec: { clusterIP: string } }>('get', 'service', CLUSTER);
    return { host: spec.clusterIP, port: POSTGRES_PORT, database: USER, user: USER, password: PASSWORD, authority: this.#authority.certificate, serverName: SERVER_NAME };
  }
}

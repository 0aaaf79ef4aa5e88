/** `switchover` and `candidates`: who could be the primary, and making somebody else the primary in good order. */
import { API_ROUTES } from '../../contract/ports.js';
import type { CandidateStatus } from '../../contract/status.js';
import { AgentApi } from '../agent-api.js';
import { EXIT, Failure } from '../exit.js';
import { bytes, table } from '../format.js';
import type { Kube } from '../kube.js';
import { findCluster, readLease, type Found } from '../observe.js';

export async function candidates(kube: Kube, cluster: string, { json }: { readonly json: boolean }): Promise<number> {
  const found = await findCluster(kube, cluster);
  const primary = await leaderOf(kube, found);
  const api = await AgentApi.as('viewer', kube, found);
  const { candidates: all } = await api.get<{ candidates: readonly CandidateStatus[] }>(primary, API_ROUTES.candidates);
  console.log(json ? JSON.stringify({ cluster, namespace: found.namespace, primary, candidates: all }, null, 2) : candidateTable(all));
  return EXIT.ok;
}

export function candidateTable(all: readonly CandidateStatus[]): string {
  return table(['INSTANCE', 'ELIGIBLE', 'TIMELINE', 'LSN', 'LAG', 'WHY NOT'], all.map(({ instance, eligible, position, lagBytes, why }) => [
    instance, eligible ? 'yes' : 'no', position?.timeline ?? null, position?.lsn ?? null, lagBytes === null ? null : bytes(lagBytes), why,
  ]));
}

export async function switchover(kube: Kube, cluster: string, { to, json }: { readonly to: string | null; readonly json: boolean }): Promise<number> {
  const found = await findCluster(kube, cluster);
  const from = await leaderOf(kube, found);
  const api = await AgentApi.as('operator', kube, found);
  const path = `${API_ROUTES.switchover}${to === null ? '' : `?${new URLSearchParams({ to }).toString()}`}`;
  const { ok, message } = await api.work(from, path, (line) => console.error(line));
  const primary = ok ? (await readLease(kube, found))?.holder ?? null : null;
  if (json) console.log(JSON.stringify({ cluster, namespace: found.namespace, from, to: primary, ok, ...message === undefined ? {} : { message } }, null, 2));
  else console.log(ok ? `switchover from instance ${from} to ${primary}: done` : `switchover from instance ${from}: failed: ${message}`);
  return ok ? EXIT.ok : EXIT.failed;
}

async function leaderOf(kube: Kube, found: Found): Promise<string> {
  const lease = await readLease(kube, found);
  if (lease?.holder) return lease.holder;
  throw new Failure(`nobody leads cluster ${found.spec.cluster} now; try again when its status shows a primary`);
}

/** `candidates`: who could take over from the primary, and who could not and why. */
import { API_ROUTES } from '../../contract/ports.js';
import type { CandidateStatus } from '../../contract/status.js';
import { AgentApi } from '../agent-api.js';
import { candidateTable } from '../candidate-table.js';
import { EXIT } from '../exit.js';
import type { Kube } from '../kube.js';
import { findCluster, leaderOf } from '../observe.js';

export async function candidates(kube: Kube, cluster: string, { json }: { readonly json: boolean }): Promise<number> {
  const found = await findCluster(kube, cluster);
  const primary = await leaderOf(kube, found);
  const api = await AgentApi.as('viewer', kube, found);
  const { candidates: all } = await api.get<{ candidates: readonly CandidateStatus[] }>(primary, API_ROUTES.candidates);
  console.log(json ? JSON.stringify({ cluster, namespace: found.namespace, primary, candidates: all }, null, 2) : candidateTable(all));
  return EXIT.ok;
}

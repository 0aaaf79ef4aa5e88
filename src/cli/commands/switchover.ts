/** `switchover`: makes somebody else the primary, in good order. The leader's agent decides whether that can be, and tells how it goes. */
import { API_ROUTES } from '../../contract/ports.js';
import { AgentApi } from '../agent-api.js';
import { EXIT } from '../exit.js';
import type { Kube } from '../kube.js';
import { findCluster, leaderOf, readLease } from '../observe.js';

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

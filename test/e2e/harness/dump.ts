/** What one needs to see why a scenario failed, written to its folder. The agents' logs are there already. */
import { mkdirSync, writeFileSync } from 'node:fs';
import type { Cluster } from './cluster';
import { NAMES } from './cluster';
import { CLUSTER_LABEL, HEALTH_PORT, HEALTH_ROUTES } from '../../../src/contract';
import type { AgentStatus } from '../../../src/contract/status';

/** Resolves to what the agents themselves call a problem, for who has only the log of the run. */
export async function dump(cluster: Cluster, directory: string): Promise<readonly string[]> {
  mkdirSync(directory, { recursive: true });
  const keep = (file: string, text: string) => writeFileSync(`${directory}/${file}`, text);
  const ask = async (file: string, ...args: string[]) => {
    const { stdout, stderr } = await cluster.kubectl.outcome(args, { timeoutMs: 20_000 });
    keep(file, stdout + stderr);
  };
  await Promise.all([
    ask('objects.txt', 'get', 'pods,statefulsets,persistentvolumeclaims,endpointslices,leases', '-o', 'wide'),
    ask('pods.yaml', 'get', 'pods', '-o', 'yaml'),
    ask('events.txt', 'get', 'events', '--sort-by=.metadata.creationTimestamp'),
    ask('lease.yaml', 'get', 'lease', NAMES.lease, '-o', 'yaml'),
    ask('state.yaml', 'get', 'configmap', NAMES.state, '-o', 'yaml'),
    ask('slice.yaml', 'get', 'endpointslice', NAMES.endpointSlice, '-o', 'yaml'),
  ]);
  const { stdout } = await cluster.kubectl.outcome(['get', 'pods', '-l', CLUSTER_LABEL, '--field-selector', 'status.phase=Running', '-o', 'name'], { timeoutMs: 20_000 });
  const pods = stdout.split('\n').filter((name) => name !== '').map((name) => name.replace('pod/', ''));
  return (await Promise.all(pods.map(async (pod) => {
    const { stdout: text, stderr } = await cluster.kubectl.outcome(
      ['get', '--raw', `/api/v1/namespaces/${cluster.namespace}/pods/${pod}:${HEALTH_PORT}/proxy${HEALTH_ROUTES.status}`], { timeoutMs: 20_000 });
    keep(`status-${pod}.json`, text || stderr);
    return problemsIn(text || stderr).map((problem) => `${pod}: ${problem}`);
  }))).flat();
}

function problemsIn(status: string): readonly string[] {
  try {
    return (JSON.parse(status) as Partial<AgentStatus>).problems?.map(({ code, message }) => `${code}: ${message}`) ?? [];
  } catch {
    return [status.trim()];
  }
}

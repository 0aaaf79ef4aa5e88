/** What one needs to see why a scenario failed, written to its folder. The agents' logs are there already. */
import { mkdirSync, writeFileSync } from 'node:fs';
import type { Cluster } from './cluster';
import { NAMES } from './cluster';

export async function dump(cluster: Cluster, directory: string): Promise<void> {
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
    ...cluster.pods.all.filter(({ ip }) => ip !== null).map(async (pod) => {
      const status = await cluster.status(pod).catch((error: Error) => ({ error: error.message }));
      keep(`status-${pod.instance}-${pod.uid.slice(0, 8)}.json`, JSON.stringify(status, null, 2));
    }),
  ]);
}

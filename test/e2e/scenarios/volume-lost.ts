/** An instance that loses all that it has. */
import { NAMES, type Cluster } from '../harness/cluster';
import type { Pod } from '../harness/pods';
import { objectsOf, type Program } from '../harness/program';
import { eventually, yes } from '../harness/wait';

/** Its claim, and with it all data, and its pod; then the claim is there again, as a GitOps tool sees to sooner or later. */
export async function losesItsVolume(cluster: Cluster, { instance, name }: Pod, program: Program = {}): Promise<void> {
  const claim = NAMES.dataClaim(instance);
  const uid = async () => (await cluster.kubectl.run(['get', 'pvc', claim, '--ignore-not-found', '-o', 'jsonpath={.metadata.uid}'])).trim();
  const before = await uid();
  await cluster.kubectl.run(['delete', 'pvc', claim, '--wait=false']);
  await cluster.kubectl.run(['delete', 'pod', name]);
  await eventually('the claim to be gone', { withinMs: 120_000 }, async () => yes(await uid() !== before));
  const items = objectsOf(cluster.target, program).filter(({ kind, metadata }) => kind === 'PersistentVolumeClaim' && metadata.name === claim);
  await cluster.kubectl.apply(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
}

/** An instance whose data volume has a size, as volumes have everywhere but in the test cluster. */
import type { Cluster } from '../harness/cluster';
import { NAMES } from '../harness/cluster';
import { eventually, yes } from '../harness/wait';
import type { FileSystem } from '../target/file-system';
import type { Machine } from '../target/machine';

/** The folder on its node. */
export async function folderOf(cluster: Cluster, claim: string): Promise<string> {
  const volume = (await cluster.kubectl.run(['get', 'pvc', claim, '-o', 'jsonpath={.spec.volumeName}'])).trim();
  return (await cluster.kubectl.run(['get', 'pv', volume, '-o', 'jsonpath={.spec.local.path}'])).trim();
}

export async function scale(cluster: Cluster, instance: string, replicas: 0 | 1): Promise<void> {
  await cluster.kubectl.run(['scale', 'statefulset', NAMES.statefulSet(instance), `--replicas=${replicas}`]);
  if (replicas === 0) await eventually(`instance ${instance} to be gone`, { withinMs: 130_000 }, () => yes(cluster.pods.of(instance) === null));
}

/** Does the work while the data volume of that instance is so large, and puts everything back. */
export async function withFileSystem(cluster: Cluster, machine: Machine, instance: string, mebibytes: number, work: (fileSystem: FileSystem) => Promise<void>): Promise<void> {
  const folder = await folderOf(cluster, NAMES.dataClaim(instance));
  await scale(cluster, instance, 0);
  const fileSystem = await machine.makeFileSystem(folder, mebibytes);
  try {
    await scale(cluster, instance, 1);
    await work(fileSystem);
  } finally {
    await fileSystem.free();
    await scale(cluster, instance, 0);
    await eventually('the file system to be let go of', { withinMs: 120_000, everyMs: 1_000 }, async () => { await fileSystem.remove(); return true; });
    await scale(cluster, instance, 1);
  }
}

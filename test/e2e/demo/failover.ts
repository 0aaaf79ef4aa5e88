/** The primary's pod, deleted by force, and the time until a row is written again. */
import type { Application } from './application';
import { NAMES, type Cluster } from '../harness/cluster';
import { say } from '../harness/say';
import { eventually, now } from '../harness/wait';

export async function killPrimary(cluster: Cluster, application: Application): Promise<void> {
  await application.sql(NAMES.poolerService, 'CREATE TABLE IF NOT EXISTS pings (at timestamptz DEFAULT now())');
  const old = await cluster.primary();
  say(`killing the primary: kubectl delete pod ${old.name} --force --grace-period=0`);
  const began = now();
  await cluster.kubectl.run(['delete', 'pod', old.name, '--force', '--grace-period=0', '--wait=false']);
  await eventually('a row written through a new primary', { withinMs: 60_000, everyMs: 50 }, async () => {
    const primary = await cluster.findPrimary();
    if (primary === null || primary.uid === old.uid) return null;
    await application.sql(NAMES.poolerService, 'INSERT INTO pings DEFAULT VALUES');
    return true;
  });
  say(`a row is written again ${((now() - began) / 1000).toFixed(1)} s later; ${(await cluster.primary()).name} is primary`);
  await cluster.healthy(180_000);
  say('three instances again');
}

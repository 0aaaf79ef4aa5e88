/** A transaction that computes without listening to anything, writes, and asks to be acknowledged. */
import { connect, hangUp } from '../clients/postgres';
import type { Cluster } from '../harness/cluster';
import type { Pod } from '../harness/pods';
import { now } from '../harness/wait';

export interface BusyTransaction {
  /** When it was acknowledged; null when its connection broke first. */
  readonly acknowledgedAt: Promise<number | null>;
}

/** About a second each, in one call that checks for no interrupt. */
const BLOCK = "length(md5(repeat('x', 500000000)))";

export async function startBusy(cluster: Cluster, pod: Pod, id: number, blocks: number): Promise<BusyTransaction> {
  await cluster.psql(pod, 'CREATE TABLE IF NOT EXISTS busy (id int PRIMARY KEY); GRANT ALL ON busy TO app', 'app');
  const client = await connect({ ...await cluster.access(), host: pod.ip!, connectTimeoutMs: 10_000 });
  // One message, so that the commit needs nothing more from the client.
  const work = `BEGIN; INSERT INTO busy VALUES (${id}); SELECT ${Array.from({ length: blocks }, () => BLOCK).join(' + ')}; COMMIT`;
  const acknowledgedAt = client.query(work).then(() => now(), () => null).finally(() => hangUp(client));
  return { acknowledgedAt };
}

export async function isStored(cluster: Cluster, id: number): Promise<boolean> {
  return await cluster.psql(await cluster.primary(), `SELECT count(*) FROM busy WHERE id = ${id}`, 'app') === '1';
}

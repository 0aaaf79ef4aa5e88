/** What runs beside every fault: an application that writes all the time. */
import type { Access, Cluster } from './cluster';
import { Ledger } from './ledger';
import { prepareClients, startClient } from './placement';
import { eventually, yes } from './wait';

const TABLES = `
  CREATE TABLE IF NOT EXISTS ledger (id bigint PRIMARY KEY);
  CREATE TABLE IF NOT EXISTS probe (source text NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp());
  TRUNCATE ledger, probe;
  GRANT ALL ON ledger, probe TO app`;

/** Empty tables, and a ledger that writes. */
export async function startLedger(cluster: Cluster, access: Access): Promise<Ledger> {
  await prepareClients(cluster);
  await cluster.psql(await cluster.primary(), TABLES, access.database);
  const ledger = new Ledger(startClient(cluster, 'ledger', JSON.stringify(access)));
  await eventually('the first acknowledged writes', { withinMs: 60_000 }, async () => yes((await ledger.report()).acknowledged > 50));
  await ledger.mark();
  return ledger;
}

/**
 * A physical replication slot per instance on every server, so that whoever is promoted next already keeps the WAL that the others need
 * (I29). On a standby nobody streams from them; they are moved along by what their owners report.
 */
import { createHash } from 'node:crypto';
import type pg from 'pg';
import { withLocal } from './local.js';
import type { PostgresPaths, Role } from './types.js';
import { formatLsn } from '../core/lsn.js';
import type { Lsn } from '../core/types.js';

const PREFIX = 'cdk8s_';
/** NAMEDATALEN - 1. */
const LONGEST = 63;

export function slotName(instance: string): string {
  const name = PREFIX + instance.toLowerCase().replace(/[^a-z0-9]/g, '_');
  if (name.length <= LONGEST) return name;
  const hash = createHash('sha256').update(instance).digest('hex').slice(0, 8);
  return `${name.slice(0, LONGEST - hash.length - 1)}_${hash}`;
}

/** Another instance, and how far it has flushed where that is known. */
export interface SlotOwner {
  readonly instance: string;
  readonly lsn: Lsn | null;
}

export interface SlotChanges {
  readonly created: string[];
  readonly dropped: string[];
  /** The server had to let go of WAL that they needed: their owners may have to be cloned again. */
  readonly lost: string[];
}

export async function reconcileSlots(paths: PostgresPaths, role: Role, others: readonly SlotOwner[]): Promise<SlotChanges> {
  return withLocal(paths, 'postgres', async (client) => {
    const wanted = new Map(others.map((owner) => [slotName(owner.instance), owner]));
    const present = await ourSlots(client);
    const lost = present.filter((slot) => slot.lost);
    const unwanted = present.filter((slot) => !wanted.has(slot.name));
    const dropped = [...lost, ...unwanted].filter((slot) => !slot.active).map((slot) => slot.name);
    for (const name of new Set(dropped)) await client.query('SELECT pg_drop_replication_slot($1)', [name]);
    const kept = present.filter((slot) => !dropped.includes(slot.name));
    const created = [...wanted.keys()].filter((name) => !kept.some((slot) => slot.name === name));
    // Reserved at once: WAL is kept from now on, not from the owner's first connection.
    for (const name of created) await client.query('SELECT pg_create_physical_replication_slot($1, true)', [name]);
    if (role === 'standby') await advance(client, kept, wanted);
    return { created, dropped: [...new Set(dropped)], lost: lost.map((slot) => slot.name) };
  });
}

interface Slot {
  readonly name: string;
  readonly active: boolean;
  readonly lost: boolean;
}

async function ourSlots(client: pg.Client): Promise<Slot[]> {
  const { rows } = await client.query<Slot>(
    `SELECT slot_name AS name, active, wal_status = 'lost' AS lost FROM pg_replication_slots
     WHERE slot_type = 'physical' AND starts_with(slot_name, $1)`,
    [PREFIX],
  );
  return rows;
}

/** Never beyond what is replayed here, which the function sees to, and never back, which it would refuse. */
async function advance(client: pg.Client, slots: readonly Slot[], wanted: ReadonlyMap<string, SlotOwner>): Promise<void> {
  for (const { name, active } of slots) {
    const lsn = wanted.get(name)?.lsn ?? null;
    if (lsn === null || active) continue;
    await client.query(
      `SELECT pg_replication_slot_advance(slot_name, $2::pg_lsn) FROM pg_replication_slots
       WHERE slot_name = $1 AND NOT active AND restart_lsn < $2::pg_lsn`,
      [name, formatLsn(lsn)],
    );
  }
}

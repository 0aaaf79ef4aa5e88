/** What the primary keeps right inside PostgreSQL: roles, users, databases, tablespaces, slots. */
import type { Duty } from './duty.js';
import type { ClusterSpec } from '../../contract/spec.js';
import type { Snapshot } from '../core/types.js';
import { ensureSystemRoles } from '../postgres/bootstrap-sql.js';
import { reconcileMonitoringRole } from '../postgres/monitoring-role.js';
import { reconcilePoolerLookup } from '../postgres/pooler-lookup.js';
import { reconcileSlots } from '../postgres/slots.js';
import type { PostgresPaths } from '../postgres/types.js';
import { reconcileUsersAndDatabases } from '../postgres/users-databases.js';

export interface PrimaryContext {
  readonly paths: PostgresPaths;
  readonly snapshot: () => Snapshot | null;
  readonly spec: () => ClusterSpec | null;
  readonly passwords: () => ReadonlyMap<string, string>;
  readonly instance: string;
  readonly log: (message: string, details: object) => void;
}

export function primaryDuty(context: PrimaryContext): Duty {
  return {
    name: 'PrimarySettings',
    every: 10_000,
    async run() {
      const s = context.snapshot();
      const spec = context.spec();
      if (s === null || spec === null) return;
      const leads = s.postgres.kind === 'primary' && s.lease.kind === 'mine' && s.me.leavingSince === null;
      if (leads) {
        await ensureSystemRoles(context.paths);
        const metrics = spec.objects.monitoringSecret !== undefined;
        if (await reconcileMonitoringRole(context.paths, metrics)) context.log(`the role of the metrics exporter ${metrics ? 'is as it should be' : 'may no longer log in'}`, {});
        const pooler = spec.pooler !== undefined;
        if (await reconcilePoolerLookup(context.paths, pooler)) context.log(`the role of the pooler ${pooler ? 'is as it should be' : 'may no longer log in'}`, {});
        const users = spec.users.flatMap(({ name }) => {
          const password = context.passwords().get(name);
          return password === undefined ? [] : [{ name, password }];
        });
        // A user whose password is not known yet is made later, and what it owns with it.
        const waiting = spec.users.filter(({ name }) => !context.passwords().has(name)).map(({ name }) => name);
        const databases = spec.databases.filter(({ owner }) => !waiting.includes(owner));
        const { changed } = await reconcileUsersAndDatabases(context.paths, { users, databases });
        if (changed.length > 0) context.log('users, databases and tablespaces were brought in line with the spec', { changed });
      }
    },
  };
}

/** Physical slots for the other members, on the primary and on standbys alike, so that a successor still has everybody's WAL (I29). */
export function slotDuty(context: PrimaryContext): Duty {
  return {
    name: 'ReplicationSlots',
    every: 5_000,
    async run() {
      const s = context.snapshot();
      if (s === null || s.me.leavingSince !== null || (s.postgres.kind !== 'primary' && s.postgres.kind !== 'standby')) return;
      const others = s.spec.instances
        .filter((i) => i.name !== context.instance && !i.retire)
        .map((i) => ({ instance: i.name, lsn: s.peers.find((p) => p.instance === i.name)?.report?.position?.lsn ?? null }));
      const { created, dropped, lost } = await reconcileSlots(context.paths, s.postgres.kind, others);
      if (created.length + dropped.length + lost.length > 0) context.log('replication slots were brought in line', { created, dropped, lost });
    },
  };
}

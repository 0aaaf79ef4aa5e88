/** Asks the local server how it is: one query, on one connection that is kept, in bounded time. */
import { Socket } from 'node:net';
import pg from 'pg';
import { messageOf } from '../files.js';
import { localClient } from './local.js';
import type { PostgresPaths, Probe, ProbeUp } from './types.js';
import { parseLsn } from '../core/lsn.js';
import type { Lsn } from '../core/types.js';

const PATIENCE = 1000;

const QUESTION = `
SELECT system_identifier::text AS "systemId",
  pg_is_in_recovery() AS "inRecovery",
  pg_postmaster_start_time()::text AS "startedAt",
  CASE WHEN pg_is_in_recovery()
    THEN greatest(c.timeline_id, r.min_recovery_end_timeline, (SELECT received_tli FROM pg_stat_wal_receiver))
    ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int END AS "timeline",
  CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_lsn()::text END AS "writeLsn",
  CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_flush_lsn()::text END AS "flushLsn",
  CASE WHEN pg_is_in_recovery() THEN greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())::text END AS "receiveLsn",
  CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()::text END AS "replayLsn",
  CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused() ELSE false END AS "replayPaused",
  (SELECT json_build_object('status', status, 'senderHost', sender_host, 'receivedTimeline', received_tli) FROM pg_stat_wal_receiver) AS "walReceiver",
  (SELECT coalesce(json_agg(json_build_object(
     'applicationName', application_name, 'state', coalesce(state, ''), 'flushLsn', flush_lsn::text, 'syncState', sync_state)), '[]')
   FROM pg_stat_replication) AS "replication",
  (SELECT coalesce(json_agg(name ORDER BY name), '[]') FROM pg_settings WHERE pending_restart) AS "pendingRestart"
FROM pg_control_system(), pg_control_checkpoint() c, pg_control_recovery() r`;

interface Connection {
  readonly client: pg.Client;
  readonly socket: Socket;
}

export class LocalProbe {
  private connection: Connection | null = null;
  private asking: Promise<Probe> | null = null;
  /** A standby forgets the timeline it received when its receiver ends; of one postmaster it can only grow. */
  private seen = { startedAt: '', timeline: 0 };

  constructor(private readonly paths: PostgresPaths) {}

  /** Takes about a second at most. Who asks while an answer is under way gets that answer. */
  probe(): Promise<Probe> {
    this.asking ??= this.ask().finally(() => (this.asking = null));
    return this.asking;
  }

  close(): void {
    this.connection?.socket.destroy();
    this.connection = null;
  }

  private async ask(): Promise<Probe> {
    const expiry = new AbortController();
    const timer = setTimeout(() => {
      expiry.abort();
      this.close();
    }, PATIENCE);
    try {
      return await this.answer(expiry.signal);
    } finally {
      clearTimeout(timer);
    }
  }

  private async answer(expiry: AbortSignal): Promise<Probe> {
    const kept = this.connection;
    try {
      const { client } = kept ?? await this.connect(expiry);
      const { rows } = await client.query<Row>(QUESTION);
      return this.describe(rows[0]!);
    } catch (error) {
      this.close();
      if (expiry.aborted) return { kind: 'unresponsive' };
      // The kept connection may belong to a server that has been replaced since; a new one tells.
      if (kept !== null) return this.answer(expiry);
      return { kind: error instanceof pg.DatabaseError ? 'refusing' : 'down', why: messageOf(error) };
    }
  }

  private async connect(expiry: AbortSignal): Promise<Connection> {
    // Our own socket, because only that can be torn from a server that no longer answers.
    const socket = new Socket();
    expiry.addEventListener('abort', () => socket.destroy(), { once: true });
    const client = localClient(this.paths, 'postgres', { stream: () => socket, statement_timeout: PATIENCE });
    try {
      await client.connect();
      return this.connection = { client, socket };
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }

  private describe(row: Row): ProbeUp {
    if (row.startedAt !== this.seen.startedAt) this.seen = { startedAt: row.startedAt, timeline: 0 };
    this.seen.timeline = row.inRecovery ? Math.max(this.seen.timeline, row.timeline) : row.timeline;
    return {
      ...row,
      kind: 'up',
      timeline: this.seen.timeline,
      writeLsn: lsn(row.writeLsn),
      flushLsn: lsn(row.flushLsn),
      receiveLsn: lsn(row.receiveLsn),
      replayLsn: lsn(row.replayLsn),
      replication: row.replication.map((standby) => ({ ...standby, flushLsn: lsn(standby.flushLsn) })),
    };
  }
}

/** The answer as it comes: positions as text. */
type Row = Omit<ProbeUp, 'kind' | Positions | 'replication'> & Record<Positions, string | null> & {
  readonly replication: readonly (Omit<ProbeUp['replication'][number], 'flushLsn'> & { readonly flushLsn: string | null })[];
};
type Positions = 'writeLsn' | 'flushLsn' | 'receiveLsn' | 'replayLsn';

function lsn(text: string | null): Lsn | null {
  return text === null ? null : parseLsn(text);
}

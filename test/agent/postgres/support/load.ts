/** Clients that write as fast as they are acknowledged, and remember what was acknowledged. */
import pg from 'pg';
import type { TestInstance } from './instance';
import { localClient } from '../../../../src/agent/postgres/local.js';

export class Load {
  readonly acknowledged: number[] = [];
  private stopped = false;
  private readonly clients: Promise<void>[];

  private constructor(private readonly instance: TestInstance, clients: number, private readonly next: () => number) {
    this.clients = Array.from({ length: clients }, () => this.write());
  }

  /** Rows of `written`, with texts long enough to cross pages now and then. */
  static async on(instance: TestInstance, clients = 4): Promise<Load> {
    await instance.sql('CREATE TABLE IF NOT EXISTS written (id bigint PRIMARY KEY, filler text)');
    const [last] = await instance.sql('SELECT coalesce(max(id), 0)::int AS id FROM written');
    let id = Number(last!.id);
    return new Load(instance, clients, () => ++id);
  }

  /** Also ends by itself when the server dies. */
  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.clients);
  }

  private async write(): Promise<void> {
    const client = localClient(this.instance.paths, 'postgres');
    try {
      await client.connect();
      while (!this.stopped) {
        const id = this.next();
        await client.query("INSERT INTO written VALUES ($1::bigint, repeat('x', ($1::bigint * 7919 % 3000)::int))", [id]);
        this.acknowledged.push(id);
      }
    } catch (error) {
      // The server was killed; what was not acknowledged does not count.
      if (error instanceof pg.DatabaseError && error.severity !== 'FATAL') throw error;
    } finally {
      void client.end().catch(() => undefined);
    }
  }
}

/** Acknowledged rows that the instance does not have. */
export async function missingOn(instance: TestInstance, acknowledged: readonly number[]): Promise<number[]> {
  const rows = await instance.sql('SELECT id::int AS id FROM unnest($1::bigint[]) AS id EXCEPT SELECT id::int FROM written', [acknowledged]);
  return rows.map((row) => Number(row.id));
}

import type { ReplicationSpec } from './contract';

/**
 * How commits reach the replicas before a client is told that they are durable.
 */
export class Replication {
  /**
   * A commit waits for the primary's disk only. When the primary's node is lost for good, the last moments of commits may be lost with it;
   * a crash of PostgreSQL or a switchover loses nothing.
   */
  public static asynchronous(): Replication {
    return new Replication({ mode: 'asynchronous' });
  }

  private constructor(private readonly spec: ReplicationSpec) {}

  /** @internal */
  public _toSpec(): ReplicationSpec {
    return this.spec;
  }
}

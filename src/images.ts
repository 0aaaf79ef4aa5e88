/**
 * The images used where a program names none.
 *
 * The agent's is pinned apart from this package's version and changes only when the agent does, so that a patch release of the library
 * restarts no database.
 */
export const AGENT_VERSION = '0.1.0';

export const DEFAULT_AGENT_IMAGE = `ghcr.io/cdk8s-postgres/agent:${AGENT_VERSION}`;

export function defaultPostgresImage(version: string): string {
  return `ghcr.io/cdk8s-postgres/postgres:${version}`;
}

/** Container images of a cluster. */
export interface ImageOptions {
  /**
   * The image of PostgreSQL: any image with glibc and the server's programs on its PATH. A digest makes it immutable.
   *
   * @example 'registry.example.com/postgres:17@sha256:...'
   * @default - `ghcr.io/cdk8s-postgres/postgres:<version>`
   */
  readonly postgres?: string;

  /**
   * The image that the agent is copied from when a pod starts.
   *
   * @default - `ghcr.io/cdk8s-postgres/agent` in the version that this release of the library was tested with
   */
  readonly agent?: string;
}

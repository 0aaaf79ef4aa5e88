/**
 * The images used where a program names none.
 *
 * The agent's is pinned apart from this package's version and changes only when the agent does, so that a patch release of the library
 * restarts no database.
 */
const AGENT_VERSION = '0.1.0';

/**
 * An image by the environment of synth, as operators are told theirs: for registries that mirror everything.
 *
 * The environment is input like the program is: synth reads these variables and nothing else of it, so that the same program under the same
 * variables gives the same bytes. Where they differ between two machines, so does the output, and Git shows it.
 */
function relatedImage(name: string, otherwise: string): string {
  return process.env[`RELATED_IMAGE_${name}`] || otherwise;
}

export function defaultAgentImage(): string {
  return relatedImage('AGENT', `ghcr.io/cdk8s-postgres/agent:${AGENT_VERSION}`);
}

/** `RELATED_IMAGE_POSTGRES_17` for every 17.x: a server of another major cannot read the data. */
export function defaultPostgresImage(version: string): string {
  return relatedImage(`POSTGRES_${version.split('.')[0]}`, `ghcr.io/cdk8s-postgres/postgres:${version}`);
}

/** Container images of a cluster. What is named here wins over the environment's `RELATED_IMAGE_*` variables, and those over the defaults. */
export interface ImageOptions {
  /**
   * The image of PostgreSQL: any image with glibc and the server's programs on its PATH. A digest makes it immutable.
   *
   * @example 'registry.example.com/postgres:17@sha256:...'
   * @default - the environment variable `RELATED_IMAGE_POSTGRES_<major>` at synth, else `ghcr.io/cdk8s-postgres/postgres:<version>`
   */
  readonly postgres?: string;

  /**
   * The image that the agent is copied from when a pod starts.
   *
   * @default - the environment variable `RELATED_IMAGE_AGENT` at synth, else `ghcr.io/cdk8s-postgres/agent` in the version that this release
   * of the library was tested with
   */
  readonly agent?: string;
}

/** A Kubernetes to run on, and what it allows. */
import type { Machine } from './machine';

export interface Target {
  readonly kind: 'given' | 'kind' | 'local';
  /** In words, for the person. */
  readonly description: string;
  readonly images: { readonly postgres: string; readonly agent: string; readonly s3: string };
  /** Faults below Kubernetes; null where that is somebody else's. */
  readonly machine: Machine | null;
  /** Pods' addresses can be reached from this process. */
  readonly reachesPods: boolean;
}

/** Built by images/build.sh and loaded, unless the environment names others. */
export const IMAGES = {
  postgres: process.env.POSTGRES_IMAGE ?? 'localhost/cdk8s-postgres:17',
  agent: process.env.AGENT_IMAGE ?? `localhost/cdk8s-postgres-agent:${process.env.AGENT_TAG ?? 'dev'}`,
  /** By test/e2e/s3/image.sh. */
  s3: process.env.S3_IMAGE ?? 'localhost/cdk8s-postgres-test-s3:v1.8.0',
};

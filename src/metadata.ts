import type { Construct } from 'constructs';
import { checkKeys, Labels } from './labels';

/** Labels and annotations of one's own. */
export interface MetadataOptions {
  /**
   * Labels.
   *
   * @default - none
   */
  readonly labels?: { [key: string]: string };

  /**
   * Annotations.
   *
   * @default - none
   */
  readonly annotations?: { [key: string]: string };
}

/** Labels and annotations by what they are for. What is more specific wins; the library's own keys always stay. */
export interface ClusterMetadataOptions {
  /**
   * On all objects and pods; the same as the cluster's `labels` and `annotations`.
   *
   * @default - none
   */
  readonly all?: MetadataOptions;

  /**
   * On the StatefulSets, pods and claims of the instances.
   *
   * @default - none
   */
  readonly instances?: MetadataOptions;

  /**
   * On the objects and pods of the backup repository and of its schedules.
   *
   * @default - none
   */
  readonly repo?: MetadataOptions;

  /**
   * On the objects and pods of the pooler.
   *
   * @default - none
   */
  readonly pooler?: MetadataOptions;
}

/** Where a cluster's metadata is given. */
export interface GivenMetadata extends MetadataOptions {
  readonly metadata?: ClusterMetadataOptions;
}

export type Component = Exclude<keyof ClusterMetadataOptions, 'all'>;

export function checkMetadata(scope: Construct, { labels, annotations, metadata }: GivenMetadata): void {
  checkKeys(scope, 'labels', labels);
  checkKeys(scope, 'annotations', annotations);
  for (const [component, own] of Object.entries(metadata ?? {}) as [string, MetadataOptions | undefined][]) {
    checkKeys(scope, `metadata.${component}.labels`, own?.labels);
    checkKeys(scope, `metadata.${component}.annotations`, own?.annotations);
  }
}

/** What goes onto the objects of that component; without one, onto those that belong to none. */
export function metadataOf({ labels, annotations, metadata }: GivenMetadata, component?: Component): { labels?: Labels; annotations?: Labels } {
  const own = component && metadata?.[component];
  return {
    labels: merged(labels, metadata?.all?.labels, own?.labels),
    annotations: merged(annotations, metadata?.all?.annotations, own?.annotations),
  };
}

function merged(...maps: readonly (Labels | undefined)[]): Labels | undefined {
  const given = maps.filter((map) => map !== undefined);
  return given.length === 0 ? undefined : Object.assign({}, ...given) as Labels;
}

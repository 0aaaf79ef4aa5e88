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

/** Labels and annotations by what they are for, over the cluster's own `labels` and `annotations`. The library's own keys always stay. */
export interface ClusterMetadataOptions {
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
}

/** Where a cluster's metadata is given. */
interface GivenMetadata extends MetadataOptions {
  readonly metadata?: ClusterMetadataOptions;
}

export function checkMetadata(scope: Construct, { labels, annotations, metadata }: GivenMetadata): void {
  checkKeys(scope, 'labels', labels);
  checkKeys(scope, 'annotations', annotations);
  for (const [component, own] of Object.entries(metadata ?? {}) as [string, MetadataOptions | undefined][]) {
    checkKeys(scope, `metadata.${component}.labels`, own?.labels);
    checkKeys(scope, `metadata.${component}.annotations`, own?.annotations);
  }
}

/** What goes onto the objects of that component; without one, onto those that belong to none. */
export function metadataOf({ labels, annotations, metadata }: GivenMetadata, component?: keyof ClusterMetadataOptions): { labels?: Labels; annotations?: Labels } {
  const own = component && metadata?.[component];
  return {
    labels: merged(labels, own?.labels),
    annotations: merged(annotations, own?.annotations),
  };
}

function merged(...maps: readonly (Labels | undefined)[]): Labels | undefined {
  const given = maps.filter((map) => map !== undefined);
  return given.length === 0 ? undefined : Object.assign({}, ...given) as Labels;
}

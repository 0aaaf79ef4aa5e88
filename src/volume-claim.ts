import { ApiObject, Size } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { Labels, protectedAnnotations } from './labels';
import { sizeQuantity } from './quantity';

export interface VolumeClaim {
  readonly metadata: { readonly name: string; readonly labels: Labels; readonly annotations?: Labels };
  readonly size: Size;
  /** Which volume it gets. */
  readonly from: Pick<k8s.PersistentVolumeClaimSpec, 'storageClassName' | 'selector'>;
  /** One node at a time, where nothing else is said. */
  readonly accessModes?: string[];
}

/** A plain claim: it can grow in place, and neither Argo CD nor Flux deletes it with the line of the program that made it. */
export function volumeClaim(scope: Construct, id: string, { metadata, size, from, accessModes = ['ReadWriteOnce'] }: VolumeClaim): void {
  new ApiObject(scope, id, k8s.KubePersistentVolumeClaim.manifest({
    metadata: { ...metadata, annotations: protectedAnnotations(metadata.annotations) },
    spec: {
      accessModes,
      ...from,
      volumeMode: 'Filesystem',
      resources: { requests: { storage: sizeQuantity(size) } },
    },
  }));
}

import { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { Labels, protectedAnnotations } from './labels';

/**
 * A Secret without data. The agents fill it at run time, so that nothing secret and nothing random stands in Git, and neither server-side
 * nor client-side apply touches the fields that it does not know.
 */
export function emptySecret(scope: Construct, id: string, { name, labels, annotations }: { name: string; labels: Labels; annotations?: Labels }): ApiObject {
  return new ApiObject(scope, id, k8s.KubeSecret.manifest({
    // Flux creates it and then leaves it alone.
    metadata: { name, labels, annotations: { ...protectedAnnotations(annotations), 'kustomize.toolkit.fluxcd.io/ssa': 'IfNotPresent' } },
    // Any other type would ask for keys at creation.
    type: 'Opaque',
  }));
}

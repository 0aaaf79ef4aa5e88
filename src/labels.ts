import type { IConstruct } from 'constructs';
import { CLUSTER_LABEL, COMPONENT_INSTANCE, COMPONENT_LABEL, INSTANCE_LABEL } from './contract';
import { refuse } from './validation';

/**
 * Labels and annotations of the synthesized objects.
 *
 * Selectors are made of our own keys only: they are immutable, and keys such as app.kubernetes.io/instance may be rewritten by GitOps tools.
 */

export type Labels = { readonly [key: string]: string };

const OWN_KEYS = 'cdk8s-postgres/';

/** Keys of our own are kept by constructs and agents. */
export function checkKeys(scope: IConstruct, prop: string, map: Labels = {}): void {
  for (const key of Object.keys(map).filter((name) => name.startsWith(OWN_KEYS))) {
    refuse(scope, prop, `sets "${key}", and the keys of ${OWN_KEYS} belong to the library`, 'leave it out');
  }
}

/** On every object of a cluster. A user's labels come first, so that they never replace one that agents and Services rely on. */
export function clusterLabels(cluster: string, own: Labels = {}): Labels {
  return { 'app.kubernetes.io/name': 'postgresql', ...own, [CLUSTER_LABEL]: cluster };
}

/** Selects the pods of all instances. */
export function instancesSelector(cluster: string): Labels {
  return { [CLUSTER_LABEL]: cluster, [COMPONENT_LABEL]: COMPONENT_INSTANCE };
}

/** Selects the pods of another component than the instances. */
export function componentSelector(cluster: string, component: string): Labels {
  return { [CLUSTER_LABEL]: cluster, [COMPONENT_LABEL]: component };
}

/** On the objects and pods of another component than the instances. */
export function componentLabels(cluster: string, component: string, own: Labels = {}): Labels {
  return { ...clusterLabels(cluster, own), ...componentSelector(cluster, component) };
}

/** Selects the one pod of an instance. */
export function instanceSelector(cluster: string, instance: string): Labels {
  return { ...instancesSelector(cluster), [INSTANCE_LABEL]: instance };
}

/** On the objects and the pod of one instance. */
export function instanceLabels(cluster: string, instance: string, own: Labels = {}): Labels {
  return { ...clusterLabels(cluster, own), ...instanceSelector(cluster, instance) };
}

const ARGO_SYNC_OPTIONS = 'argocd.argoproj.io/sync-options';

/** For objects whose loss is a loss of data or identity: neither Argo CD nor Flux deletes them with the program's line that made them. */
export function protectedAnnotations(own: Labels = {}): Labels {
  return {
    ...own,
    [ARGO_SYNC_OPTIONS]: [own[ARGO_SYNC_OPTIONS], 'Prune=false', 'Delete=false'].filter((option) => option).join(','),
    'kustomize.toolkit.fluxcd.io/prune': 'disabled',
  };
}

/** Nothing instead of an empty object, which would be written out as `{}`. */
export function orNothing(map: Labels | undefined): Labels | undefined {
  return map && Object.keys(map).length > 0 ? map : undefined;
}

/** Who a pod is to Kubernetes, and what it may do there. */
import { ApiObject, Lazy } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';

/**
 * A ServiceAccount, a Role of this namespace, and the binding of the two, all of one name.
 *
 * `rules`: asked when all of the program has run, because parts may join a cluster late.
 */
export function account(scope: Construct, metadata: k8s.ObjectMeta & { readonly name: string }, rules: () => readonly k8s.PolicyRule[]): ApiObject {
  const { name } = metadata;
  // The pods ask for the token themselves.
  const serviceAccount = new ApiObject(scope, 'service-account', k8s.KubeServiceAccount.manifest({ metadata, automountServiceAccountToken: false }));
  new ApiObject(scope, 'role', { ...k8s.KubeRole.manifest({ metadata }), rules: Lazy.any({ produce: rules }) });
  new ApiObject(scope, 'role-binding', k8s.KubeRoleBinding.manifest({
    metadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
    // Without a namespace the account is the one of the binding's own namespace, wherever a GitOps tool puts it.
    subjects: [{ kind: 'ServiceAccount', name }],
  }));
  return serviceAccount;
}

/** One kind of object, and what may be done with it; by name where names are given. */
export function rule(apiGroup: string, resource: string, verbs: string[], resourceNames?: string[]): k8s.PolicyRule {
  return { apiGroups: [apiGroup], resources: [resource], resourceNames, verbs };
}

/** What a person should know, in both of the event kinds. Kubernetes cannot limit creation by name. */
export const EVENT_RULES: readonly k8s.PolicyRule[] = [
  rule('', 'events', ['create', 'patch']),
  rule('events.k8s.io', 'events', ['create', 'patch']),
];

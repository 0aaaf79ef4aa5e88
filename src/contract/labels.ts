/** Labels and annotations that constructs write and agents read, or the other way round. */

/** Present on every object of a cluster; with COMPONENT_LABEL the whole, immutable selector of its pods. */
export const CLUSTER_LABEL = 'cdk8s-postgres/cluster';
/** What a pod is: the three roles of the agent. */
export const COMPONENT_LABEL = 'cdk8s-postgres/component';
/** The instance's name, on its pod, StatefulSet and claims. */
export const INSTANCE_LABEL = 'cdk8s-postgres/instance';
/** The PostgreSQL major version, on the StatefulSet: it changes in the same write as the pod template. */
export const MAJOR_LABEL = 'cdk8s-postgres/postgres-major';
/** Kept by the agents on pods, never synthesized: `primary` or `replica`. Selected by Services; correctness never depends on it. */
export const ROLE_LABEL = 'cdk8s-postgres/role';

export const COMPONENT_INSTANCE = 'instance';
export const COMPONENT_REPO = 'repo';
export const COMPONENT_POOLER = 'pooler';
/** Pods that ask for a backup; they run no agent. */
export const COMPONENT_BACKUP = 'backup';
export const ROLE_PRIMARY = 'primary';
export const ROLE_REPLICA = 'replica';

/** On each data claim, written by the agent before the first client can connect (I41): this volume holds a cluster's data. */
export const SYSTEM_ID_ANNOTATION = 'cdk8s-postgres/system-id';
/** On the Lease: the promotion data as JSON, in the same object as the lock, so that one conditional write covers both. */
export const LEADER_ANNOTATION = 'cdk8s-postgres/leader';

/** The one field manager of all agents' writes; it must not begin with `kubectl` (architecture.md 7). */
export const FIELD_MANAGER = 'cdk8s-postgres-agent';

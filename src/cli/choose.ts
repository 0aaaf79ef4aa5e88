/** Which instance a command goes to. Pure. */
import { Failure } from './exit.js';
import type { Heard, LeaseSeen, PodSeen } from './observe.js';
import type { ClusterReport } from './report.js';
import { COMPONENT_INSTANCE } from '../contract/labels.js';

/** By the Lease: labels may lag behind it. */
export function primaryPod(lease: LeaseSeen | null, pods: readonly PodSeen[]): PodSeen {
  const holder = lease?.holder ?? null;
  if (holder === null) throw new Failure('there is no primary: nobody holds the Lease');
  const pod = pods.find(({ component, instance, terminating }) => component === COMPONENT_INSTANCE && instance === holder && !terminating);
  if (pod === undefined) throw new Failure(`instance ${holder} holds the Lease and has no pod`);
  return pod;
}

/** The one that lags least. */
export function replicaPod(report: ClusterReport, heard: readonly Heard[]): PodSeen {
  const [best] = report.instances.filter(({ role, ready }) => role === 'replica' && ready).sort((a, b) => (a.lagBytes ?? Infinity) - (b.lagBytes ?? Infinity));
  const pod = heard.find((one) => one.pod.name === best?.pod)?.pod;
  if (pod === undefined) throw new Failure('there is no replica that is ready');
  return pod;
}

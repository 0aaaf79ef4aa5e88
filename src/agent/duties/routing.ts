/** Traffic follows the primary: first the address of the read-write Service in one write, then the labels (architecture.md 5, I8). */
import type { Duty } from './duty.js';
import { ROLE_PRIMARY } from '../../contract/labels.js';
import type { Routing } from '../../contract/spec.js';
import { addressToRemove } from '../core/traffic.js';
import type { Snapshot } from '../core/types.js';
import type { PodInfo, Pods, Result } from '../kube/types.js';
import { repairRoles } from '../routing/role-label.js';
import type { Address, EndpointSlices } from '../routing/types.js';

export interface RoutingContext {
  readonly slices: EndpointSlices;
  readonly pods: Pods;
  readonly snapshot: () => Snapshot | null;
  readonly routing: () => Routing;
  readonly me: Address;
  readonly listed: () => readonly PodInfo[];
}

/** The takeover: called as soon as this instance is primary, before anything else is told to anybody. */
export async function takeOverTraffic({ slices, pods, routing, me }: RoutingContext): Promise<void> {
  if (routing() === 'endpointSlice') must(await slices.publish(me));
  must(await pods.labelRole({ name: me.podName, uid: me.podUid }, ROLE_PRIMARY));
}

/** The everyday repair of what the takeover set, and the labels of everybody. */
export function routingDuty(context: RoutingContext): Duty {
  return {
    name: 'Routing',
    every: 5_000,
    async run() {
      const s = context.snapshot();
      if (s === null) return;
      const leads = s.postgres.kind === 'primary' && s.lease.kind === 'mine';
      if (leads) {
        if (context.routing() === 'endpointSlice') must(await context.slices.ensure(context.me));
        must(await repairRoles(context.pods, context.listed(), context.me.podUid));
      } else {
        if (s.postgres.kind !== 'primary') await unlabelMyself(context);
        await removeAddress(context, s);
      }
    },
  };
}

/** A primary that is none any more takes its own label off; the next leader repairs everybody's. */
async function unlabelMyself({ pods, listed, me }: RoutingContext): Promise<void> {
  const pod = listed().find((p) => p.uid === me.podUid);
  if (pod?.role === ROLE_PRIMARY) must(await pods.labelRole(pod, null));
}

async function removeAddress({ slices, routing, me }: RoutingContext, s: Snapshot): Promise<void> {
  const whose = addressToRemove(s);
  if (whose !== 'none' && routing() === 'endpointSlice') must(await slices.empty(whose === 'any' ? null : me.ip));
}

function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.message);
  return result.value;
}

/** What the pod tells its agent; see AGENT_ENV in the contract. */
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { AGENT_ENV } from '../contract/spec.js';

export interface Environment {
  readonly instance: string;
  readonly specConfigMap: string;
  readonly podName: string;
  readonly namespace: string;
  readonly podUid: string;
  readonly podIp: string;
  readonly nodeName: string;
  readonly bootId: string;
  readonly deadBootIds: readonly string[];
  readonly kernelBootId: string;
  /** The name that the fixed uid has in /etc/passwd. */
  readonly osUser: string;
}

/** Throws with the names of what is missing: a pod without them was not made by these constructs. */
export function readEnvironment(env: NodeJS.ProcessEnv = process.env): Environment {
  const required = ['instance', 'specConfigMap', 'podName', 'podNamespace', 'podUid', 'podIp', 'nodeName', 'bootId'] as const;
  const missing = required.map((key) => AGENT_ENV[key]).filter((name) => !env[name]);
  if (missing.length > 0) throw new Error(`the agent needs ${missing.join(', ')} in its environment`);
  const value = (key: keyof typeof AGENT_ENV) => env[AGENT_ENV[key]]!;
  return {
    instance: value('instance'),
    specConfigMap: value('specConfigMap'),
    podName: value('podName'),
    namespace: value('podNamespace'),
    podUid: value('podUid'),
    podIp: value('podIp'),
    nodeName: value('nodeName'),
    bootId: value('bootId'),
    deadBootIds: (env[AGENT_ENV.deadBootIds] ?? '').split(',').filter((id) => id !== ''),
    kernelBootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    osUser: userInfo().username,
  };
}

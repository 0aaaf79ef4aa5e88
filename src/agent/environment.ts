/** What the pod tells its agent; see AGENT_ENV in the contract. */
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { AGENT_ENV, type AgentRole } from '../contract/spec.js';

export interface Environment {
  readonly role: AgentRole;
  /** The instance's name; in the other roles the pod's. */
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
  const role = env[AGENT_ENV.role] ?? 'instance';
  if (!isRole(role)) throw new Error(`${AGENT_ENV.role} is ${role}; an agent is one of ${ROLES.join(', ')}`);
  const required: readonly (keyof typeof AGENT_ENV)[] = [...(role === 'instance' ? ['instance' as const] : []), 'specConfigMap', 'podName', 'podNamespace', 'podUid', 'podIp', 'nodeName', 'bootId'];
  const missing = required.map((key) => AGENT_ENV[key]).filter((name) => !env[name]);
  if (missing.length > 0) throw new Error(`the agent needs ${missing.join(', ')} in its environment`);
  const value = (key: keyof typeof AGENT_ENV) => env[AGENT_ENV[key]]!;
  return {
    role,
    instance: value(role === 'instance' ? 'instance' : 'podName'),
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

const ROLES: readonly AgentRole[] = ['instance', 'repo', 'pooler'];

function isRole(role: string): role is AgentRole {
  return (ROLES as readonly string[]).includes(role);
}

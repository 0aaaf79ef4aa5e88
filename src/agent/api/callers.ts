/** Who calls, by the name in the certificate, which the cluster's authority has signed, and what that caller may (architecture.md 17). */
import { accessCommonName, ACCESS_LEVELS, AGENT_COMMON_NAME, API_ROUTES, BACKUP_COMMON_NAME, type AccessLevel } from '../../contract/index.js';

export type Caller = 'agent' | 'backup' | AccessLevel;

const BY_COMMON_NAME: ReadonlyMap<string, Caller> = new Map<string, Caller>([
  [AGENT_COMMON_NAME, 'agent'],
  [BACKUP_COMMON_NAME, 'backup'],
  ...ACCESS_LEVELS.map((level) => [accessCommonName(level), level] as const),
]);

export type Route = 'status' | 'wake' | 'wal' | 'backup' | 'candidates' | 'switchover';

export const ROUTES: Readonly<Record<string, Route>> = {
  [`GET ${API_ROUTES.status}`]: 'status',
  [`POST ${API_ROUTES.wake}`]: 'wake',
  [`GET ${API_ROUTES.wal}`]: 'wal',
  [`POST ${API_ROUTES.backup}`]: 'backup',
  [`GET ${API_ROUTES.candidates}`]: 'candidates',
  [`POST ${API_ROUTES.switchover}`]: 'switchover',
};

const MAY: Readonly<Record<Route, readonly Caller[]>> = {
  status: ['agent', 'viewer', 'operator', 'admin'],
  wake: ['agent'],
  wal: ['agent'],
  backup: ['agent', 'backup'],
  candidates: ['viewer', 'operator', 'admin'],
  switchover: ['operator', 'admin'],
};

/** null for a certificate of the cluster that is for something else, like a user's. */
export function callerOf(commonName: unknown): Caller | null {
  return typeof commonName === 'string' ? BY_COMMON_NAME.get(commonName) ?? null : null;
}

export function mayCall(caller: Caller, route: Route): boolean {
  return MAY[route].includes(caller);
}

/** Somebody, not something: what they ask for is written down. */
export function isPerson(caller: Caller): caller is AccessLevel {
  return (ACCESS_LEVELS as readonly string[]).includes(caller);
}

/** What went wrong at the API server, in words that help; above all which right is missing. */
import { EXIT, Failure, Unanswered } from './exit.js';

interface ApiError {
  readonly code?: unknown;
  readonly body?: unknown;
}

const FORBIDDEN = /User "([^"]*)" cannot (\w+) resource "([^"]*)" in API group "([^"]*)"(?: in the namespace "([^"]*)")?/;

export function missingRight(user: string, verb: string, resource: string, group: string, namespace: string | undefined): string {
  const where = namespace === undefined ? 'in all namespaces' : `in namespace ${namespace}`;
  const rule = `{ apiGroups: ["${group}"], resources: ["${resource}"], verbs: ["${verb}"] }`;
  return `${user} may not ${verb} ${resource} ${where}. What gives the right: a ${namespace === undefined ? 'ClusterRole' : 'Role'} with the rule ${rule}`;
}

/** Of anything that a request to the API server throws. `server`: its address. */
export function explain(error: unknown, server: string): Failure {
  if (error instanceof Failure) return error;
  const { code, body } = error as ApiError;
  // ECONNREFUSED and its like.
  if (typeof code === 'string') return new Unanswered(`the API server ${server} cannot be reached: ${(error as Error).message}`);
  if (typeof code !== 'number') return new Failure(error instanceof Error ? error.message : String(error));
  const message = messageIn(body);
  const forbidden = code === 403 ? FORBIDDEN.exec(message) : null;
  if (forbidden !== null) {
    const [, user, verb, resource, group, namespace] = forbidden;
    return new Failure(missingRight(user!, verb!, resource!, group!, namespace), EXIT.refused);
  }
  if (code === 401) return new Failure(`the API server ${server} does not know you: log in again, or choose another --context`, EXIT.refused);
  if (code === 429 || code >= 500) return new Unanswered(`the API server answers ${code}: ${message}`);
  return new Failure(`the API server answers ${code}: ${message}`, code === 403 ? EXIT.refused : EXIT.failed);
}

export function codeOf(error: unknown): number | null {
  const { code } = error as ApiError;
  return typeof code === 'number' ? code : null;
}

/** A Status object, parsed or not, or plain text of a proxied answer. */
function messageIn(body: unknown): string {
  if (typeof body === 'object' && body !== null && 'message' in body) return String(body.message);
  const text = String(body);
  try {
    const parsed = JSON.parse(text) as unknown;
    return typeof parsed === 'string' ? parsed : messageIn(parsed);
  } catch {
    return text.trim().slice(0, 500);
  }
}

/** From the API server's answers to the kinds of failure that a caller can act on. */
import type { Failure, FailureKind } from './types.js';

/** `PUT leases/orders`: enough for a log line. */
export function describe(method: string, plural: string, path: string): string {
  const name = path.split('?')[0]!.split(`/${plural}/`)[1];
  return `${method} ${plural}${name === undefined ? '' : `/${decodeURIComponent(name)}`}`;
}

export function failureOf(status: number, body: string, what: string): Failure {
  const { reason, message } = parseStatus(body);
  return { ok: false, kind: kindOf(status, reason), message: `${what}: ${status} ${message}`.trim() };
}

export function unreachable(what: string, error: unknown): Failure {
  const { message, code } = error as NodeJS.ErrnoException;
  return { ok: false, kind: 'unreachable', message: `${what}: ${message || code || String(error)}` };
}

function kindOf(status: number, reason: string): FailureKind {
  switch (status) {
    case 400:
    case 422:
      return 'invalid';
    // 401 says that the token is not accepted: the way out is the same as for a missing right.
    case 401:
    case 403:
      return 'forbidden';
    case 404:
      return 'notFound';
    case 409:
      return reason === 'AlreadyExists' ? 'exists' : 'conflict';
    // 429, 5xx and whatever a proxy in between may say: nothing is known about the object.
    default:
      return 'unreachable';
  }
}

function parseStatus(body: string): { reason: string; message: string } {
  try {
    const status = JSON.parse(body) as { reason?: unknown; message?: unknown } | null;
    return { reason: String(status?.reason ?? ''), message: String(status?.message ?? '') };
  } catch {
    return { reason: '', message: body.slice(0, 200) };
  }
}

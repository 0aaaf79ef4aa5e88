/** One Secret and its copy, as the rest of this folder sees them: what is there, what may be put there, what went wrong. */
import type { CredentialsContext, CredentialsProblem, SecretData } from './types.js';
import type { Failure, SecretRecord } from '../kube/types.js';

const CODE_OF: Partial<Record<Failure['kind'], CredentialsProblem['code']>> = { notFound: 'SecretMissing', forbidden: 'SecretForbidden' };

/** The course of one reconciliation: where its parts read, write and report. */
export class Keeper {
  readonly written: { secret: string; why: string }[] = [];
  readonly problems: CredentialsProblem[] = [];

  constructor(readonly context: CredentialsContext) {}

  /** null, and a problem, when the Secret cannot be had. */
  async read(secret: string): Promise<SecretRecord | null> {
    const result = await this.context.secrets.get(secret);
    if (result.ok) return result.value;
    this.problem(CODE_OF[result.kind] ?? 'SecretUnreachable', secret, `Secret ${secret} cannot be read (${result.message})${wayOut(result.kind, secret)}`);
    return null;
  }

  /** Sets keys of the Secret as it was read. False when it is not so: somebody else was faster, or it failed; the next round sees what is there. */
  async fill(secret: string, previous: SecretRecord, data: SecretData, why: string): Promise<boolean> {
    const result = await this.context.secrets.fill(secret, previous, data);
    if (result.ok) {
      this.written.push({ secret, why });
      return true;
    }
    if (result.kind !== 'conflict') {
      this.problem(CODE_OF[result.kind] ?? 'SecretUnreachable', secret, `Secret ${secret} cannot be filled (${result.message})${wayOut(result.kind, secret)}`);
    }
    return false;
  }

  async copyOf(secret: string): Promise<SecretData | null> {
    return this.context.copies.read(secret);
  }

  async keepCopy(secret: string, data: SecretData): Promise<void> {
    try {
      await this.context.copies.save(secret, data);
    } catch (error) {
      this.problem('CopyFailed', secret, `no copy of Secret ${secret} could be kept on the data volume: ${(error as Error).message}`);
    }
  }

  problem(code: CredentialsProblem['code'], secret: string, message: string): void {
    this.problems.push({ code, secret, message });
  }
}

function wayOut(kind: Failure['kind'], secret: string): string {
  switch (kind) {
    case 'notFound': return '; apply the synthesized manifests again, the agents fill it';
    case 'forbidden': return `; the agents' Role must allow get and update on Secret ${secret}: apply the synthesized manifests again`;
    default: return '';
  }
}

/** None of these keys is there. */
export function isEmpty(data: SecretData, keys: readonly string[]): boolean {
  return keys.every((key) => data[key] === undefined);
}

export function pick(data: SecretData, keys: readonly string[]): SecretData {
  return Object.fromEntries(keys.flatMap((key) => data[key] === undefined ? [] : [[key, data[key]]]));
}

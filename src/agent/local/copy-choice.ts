/**
 * By which methods the next copy may be made. A copy that never came to stream lacked something, and the same way would lead there again:
 * then only the methods after it are left. The last one always is.
 */
import type { CopyMethod } from '../postgres/clone.js';

export class CopyChoice {
  /** How the data directory was made, until it has streamed. */
  #unproven: string | null = null;

  among(methods: readonly CopyMethod[]): readonly CopyMethod[] {
    const failed = methods.findIndex(({ name }) => name === this.#unproven);
    return methods.slice(Math.min(failed + 1, methods.length - 1));
  }

  made({ name }: CopyMethod): void {
    this.#unproven = name;
  }

  streams(): void {
    this.#unproven = null;
  }
}

/** A data volume: it outlives pods, and carries the lock that no two PostgreSQLs can hold (I37). */
import type { Data } from './wal.js';

export type Content =
  | { readonly kind: 'absent' }
  | { readonly kind: 'incomplete'; readonly why: string }
  | { readonly kind: 'poisoned'; readonly why: string; readonly data: Data }
  | { readonly kind: 'present'; readonly data: Data };

export class Volume {
  content: Content = { kind: 'absent' };
  /** Data directories that were moved aside; the newest is kept. */
  aside: Data | null = null;
  #holder: object | null = null;
  #agent: object | null = null;

  get locked(): boolean { return this.#holder !== null; }

  lock(holder: object): boolean {
    if (this.#holder !== null) return false;
    this.#holder = holder;
    return true;
  }

  unlock(holder: object): void {
    if (this.#holder === holder) this.#holder = null;
  }

  /** One agent at a time works on a volume; it holds it until everything in its container is dead. */
  enter(container: object): boolean {
    this.#agent ??= container;
    return this.#agent === container;
  }

  leave(container: object): void {
    if (this.#agent === container) this.#agent = null;
  }

  /** The data that can be worked with; a poisoned directory's cannot. */
  get data(): Data | null {
    return this.content.kind === 'present' ? this.content.data : null;
  }
}

/** What is wrong at the moment, by kind: each shown in /status, logged once, and told as a Kubernetes Event, until it is over. */
import type { Logger } from 'pino';
import type { Events } from './kube/types.js';

export class ProblemBoard {
  #current = new Map<string, string>();

  constructor(private readonly log: Logger, private readonly events: Events) {}

  get current(): readonly { readonly code: string; readonly message: string }[] {
    return [...this.#current].map(([code, message]) => ({ code, message }));
  }

  /** null: that kind of problem is over. */
  set(code: string, message: string | null): void {
    if (message === null) {
      if (this.#current.delete(code)) this.log.info({ code }, 'problem is over');
      return;
    }
    if (this.#current.get(code) === message) return;
    this.#current.set(code, message);
    this.log.warn({ code }, message);
    this.events.tell('Warning', code, message);
  }
}

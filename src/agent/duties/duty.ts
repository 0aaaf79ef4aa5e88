/** A duty is something that should stay true beside the elections: it is looked at again and again, and mended when it is not. */
import type { Milliseconds } from '../core/types.js';
import { messageOf } from '../files.js';
import type { Clock } from '../ports.js';
import type { ProblemBoard } from '../problems.js';

export interface Duty {
  /** Names it in the log; its problem's code. */
  readonly name: string;
  readonly every: Milliseconds;
  /** Idempotent. Rejecting means that it is not true yet; it is tried again. */
  run(): Promise<void>;
}

/** Runs one duty until aborted: at every `every`, and at once when it is woken. */
export class DutyRunner {
  #wake = new AbortController();
  #running: Promise<void> | null = null;

  constructor(private readonly duty: Duty, private readonly clock: Clock, private readonly problems: ProblemBoard) {}

  wake(): void {
    this.#wake.abort();
  }

  /** Does it once, now; joins a run that is under way. */
  once(): Promise<void> {
    this.#running ??= this.duty.run()
      .then(() => this.problems.set(this.duty.name, null))
      .finally(() => { this.#running = null; });
    return this.#running;
  }

  async keep(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#wake = new AbortController();
      try {
        await this.once();
      } catch (error) {
        this.problems.set(this.duty.name, messageOf(error));
      }
      await this.clock.sleep(this.duty.every, AbortSignal.any([this.#wake.signal, signal]));
    }
  }
}

/**
 * Whether a start of PostgreSQL came to something, and whether what it was given is at fault when it did not.
 *
 * PostgreSQL exits with 1 before it says that it starts when it cannot with its settings, its libraries or the memory that it is to have.
 * Once it has said so, whatever ends it has another cause.
 */
import type { PostgresExit } from '../postgres/types.js';

type Parameters = Readonly<Record<string, string>>;

export interface StartTold {
  /** PostgreSQL has started with these. */
  readonly startedWith: (parameters: Parameters) => void;
  /** It ended before it had begun to start, so what it was given is at fault. */
  readonly notStartedWith: (parameters: Parameters, why: string) => void;
}

export class StartWatch {
  /** The start under way; `begun`: with what it was given there is nothing wrong. */
  #start: { readonly parameters: Parameters; begun: boolean; why: string } | null = null;

  constructor(private readonly told: StartTold) {}

  starts(parameters: Parameters): void {
    this.#start = { parameters, begun: false, why: 'it does not say why' };
  }

  /** A line of PostgreSQL's log. */
  logs(line: string): void {
    if (this.#start === null) return;
    if (/LOG:\s+starting PostgreSQL/.test(line)) this.#start.begun = true;
    this.#start.why = /(?:FATAL:\s+|^postgres: )(.*)$/.exec(line)?.[1] ?? this.#start.why;
  }

  answers(): void {
    const start = this.#take();
    if (start !== null) this.told.startedWith(start.parameters);
  }

  ended(exit: PostgresExit): void {
    const start = this.#take();
    if (start === null || start.begun || exit.kind !== 'exited' || exit.code !== 1) return;
    this.told.notStartedWith(start.parameters, start.why);
  }

  /** It is ended, or was never begun, for a reason of its own. */
  givenUp(): void {
    this.#start = null;
  }

  #take() {
    const start = this.#start;
    this.#start = null;
    return start;
  }
}

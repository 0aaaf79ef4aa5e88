/** The agent's end of the pipe to PID 1, which kills the whole container at the deadline whatever this process does (I6). */
import { writeSync } from 'node:fs';
import type { Milliseconds } from './core/types.js';
import type { Deadman } from './ports.js';

/** The descriptor that pgguard leaves open in the agent. */
const PIPE = 3;

export class PipeDeadman implements Deadman {
  #armedFor: Milliseconds | null = null;

  arm(at: Milliseconds): void {
    if (at === this.#armedFor) return;
    this.#armedFor = at;
    this.#tell(`arm ${Math.floor(at * 1_000_000)}`);
  }

  disarm(): void {
    if (this.#armedFor === null) return;
    this.#armedFor = null;
    this.#tell('disarm');
  }

  /** Synchronous: a deadline that is on its way must not wait for the event loop. The pipe is read at once, so it never blocks. */
  #tell(line: string): void {
    writeSync(PIPE, `${line}\n`);
  }
}

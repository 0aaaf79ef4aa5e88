/** A node: its clock, which runs a little wrong, and its place in the network. */
import { BusyLoop, type Process, type Scheduler } from './scheduler.js';
import type { Clock } from '../../../src/agent/ports.js';

export class Machine {
  #boots = 0;
  #bootedAt: number;

  /** `rate`: how many of its own milliseconds pass in one true millisecond (I3). */
  constructor(readonly scheduler: Scheduler, readonly name: string, readonly rate: number, bootedAt: number) {
    this.#bootedAt = bootedAt;
  }

  get kernelBootId(): string { return `${this.name}-kernel${this.#boots}`; }

  /** Its monotonic clock. */
  now(): number {
    return (this.scheduler.now - this.#bootedAt) * this.rate;
  }

  /** How many true milliseconds it is until its clock shows `local`. */
  until(local: number): number {
    return (local - this.now()) / this.rate;
  }

  reboot(): void {
    this.#boots += 1;
    this.#bootedAt = this.scheduler.now;
  }
}

/** More sleeps than this at one moment are a loop that never lets time pass. */
const SLEEPS_AT_ONE_MOMENT = 300;

/** `busy`: a loop of promises alone would never give the scheduler its turn, so it is told here. */
export function clockOf(machine: Machine, process: Process, busy: (found: BusyLoop) => void): Clock {
  let moment = -1;
  let sleeps = 0;
  return {
    now: () => machine.now(),
    sleep: (ms, signal) => new Promise((resolve) => {
      if (machine.scheduler.now !== moment) {
        moment = machine.scheduler.now;
        sleeps = 0;
      }
      if (++sleeps > SLEEPS_AT_ONE_MOMENT) return busy(new BusyLoop(`${process.name} sleeps ${SLEEPS_AT_ONE_MOMENT} times without time passing`));
      if (signal?.aborted) return resolve();
      const timer = machine.scheduler.after(ms / machine.rate, done, process);
      function done(): void {
        machine.scheduler.cancel(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      }
      signal?.addEventListener('abort', done, { once: true });
    }),
  };
}

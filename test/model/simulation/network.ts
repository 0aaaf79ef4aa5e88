/** Who can reach whom. Links are cut one way at a time; a cut link swallows what is sent. */
import type { Machine } from './machine.js';
import type { Random } from '../../random.js';

export const API = 'api';

export class Network {
  readonly #cuts = new Set<string>();
  /** How likely a message between agents, or with the API server, is lost. */
  loss = 0;
  /** How likely a message with the API server takes seconds instead of milliseconds. */
  delays = 0;

  constructor(private readonly random: Random) {}

  cut(from: string, to: string): void {
    this.#cuts.add(`${from}>${to}`);
  }

  mend(from: string, to: string): void {
    this.#cuts.delete(`${from}>${to}`);
  }

  heal(): void {
    this.#cuts.clear();
    this.loss = 0;
    this.delays = 0;
  }

  open(from: string, to: string): boolean {
    return from === to || !this.#cuts.has(`${from}>${to}`);
  }

  /** Both ways, as a TCP connection needs. */
  joined(a: Machine, b: Machine): boolean {
    return this.open(a.name, b.name) && this.open(b.name, a.name);
  }

  /** One message goes through. */
  delivers(from: string, to: string): boolean {
    return this.open(from, to) && !(this.loss > 0 && this.random.chance(this.loss));
  }

  latency(): number {
    if (this.delays > 0 && this.random.chance(this.delays)) return this.random.chance(0.6) ? this.random.between(200, 1_500) : this.random.between(1_500, 6_000);
    return this.random.between(0.3, 8);
  }
}

/** The newest readable spec, kept up to date. */
import type { ClusterSpec } from '../contract/spec.js';
import type { SpecView } from './core/types.js';
import type { SpecSource } from './kube/types.js';
import type { Clock } from './ports.js';
import type { ProblemBoard } from './problems.js';

const POLL = 5_000;
const RETRY = 1_000;

export class SpecWatcher {
  #current: ClusterSpec | null = null;
  #view: SpecView | null = null;
  #changed: () => void = () => undefined;
  #wake = new AbortController();

  constructor(private readonly source: SpecSource, private readonly clock: Clock, private readonly problems: ProblemBoard) {}

  get current(): ClusterSpec | null { return this.#current; }
  get view(): SpecView | null { return this.#view; }

  onChange(listener: () => void): void {
    this.#changed = listener;
  }

  /** Resolves with the first spec, or with null when aborted before. */
  async first(signal: AbortSignal): Promise<ClusterSpec | null> {
    while (this.#current === null && !signal.aborted) await this.clock.sleep(100, signal);
    return this.#current;
  }

  async keep(): Promise<void> {
    void this.source.watch(() => this.#wake.abort(), new AbortController().signal);
    for (;;) {
      this.#wake = new AbortController();
      const { spec, problem } = await this.source.read();
      this.problems.set('SpecProblem', problem);
      if (spec !== null && spec !== this.#current) {
        this.#current = spec;
        this.#view = { major: spec.postgresVersion, instances: spec.instances, timing: spec.timing, origin: spec.bootstrap === undefined ? 'initdb' : 'backup' };
        this.#changed();
      }
      await this.clock.sleep(this.#current === null ? RETRY : POLL, this.#wake.signal);
    }
  }
}

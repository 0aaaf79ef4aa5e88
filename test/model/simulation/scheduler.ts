/**
 * Virtual time: events in order, and between two of them every promise that can go on does.
 *
 * An event may belong to a process. Those of a paused process are held and follow when it is continued, as a frozen machine's timers do;
 * those of a dead one never happen.
 */
export interface Scheduled {
  readonly time: number;
  readonly order: number;
  readonly run: () => void;
  readonly owner: Process | null;
  cancelled: boolean;
}

export class Process {
  alive = true;
  #pauses = 0;
  #held: Scheduled[] = [];

  constructor(readonly scheduler: Scheduler, readonly name: string) {}

  get paused(): boolean { return this.#pauses > 0; }
  get running(): boolean { return this.alive && this.#pauses === 0; }

  pause(): void {
    this.#pauses += 1;
  }

  /** What was due meanwhile happens now, in its order, as soon as the processor comes to it. */
  continue(within = 0): void {
    if (this.#pauses === 0) return;
    this.#pauses -= 1;
    if (this.#pauses > 0) return;
    const held = this.#held.sort(byTime);
    this.#held = [];
    for (const event of held) if (!event.cancelled) this.scheduler.after(within, event.run, this);
  }

  kill(): void {
    this.alive = false;
    this.#held = [];
  }

  hold(event: Scheduled): void {
    this.#held.push(event);
  }
}

/** More steps than this at one moment of virtual time is a loop that would burn a processor. */
const STEPS_AT_ONE_MOMENT = 2_000;

export class BusyLoop extends Error {}

export class Scheduler {
  #now = 0;
  #order = 0;
  #heap: Scheduled[] = [];

  get now(): number { return this.#now; }

  after(delay: number, run: () => void, owner: Process | null = null): Scheduled {
    const event: Scheduled = { time: this.#now + Math.max(0, delay), order: this.#order++, run, owner, cancelled: false };
    this.#push(event);
    return event;
  }

  cancel(event: Scheduled): void {
    event.cancelled = true;
  }

  /** Runs until `until`, or until `over` says so. */
  async run(until: number, over: () => boolean = () => false): Promise<void> {
    await Promise.resolve(); // `settled` must be called by a microtask.
    let steps = 0;
    let moment = this.#now;
    while (this.#heap.length > 0 && this.#heap[0]!.time <= until && !over()) {
      const event = this.#pop();
      if (event.cancelled || event.owner?.alive === false) continue;
      this.#now = event.time;
      if (event.owner?.paused) {
        event.owner.hold(event);
        continue;
      }
      if (event.time > moment) {
        moment = event.time;
        steps = 0;
      }
      if (++steps > STEPS_AT_ONE_MOMENT) throw new BusyLoop(`more than ${STEPS_AT_ONE_MOMENT} steps without time passing`);
      event.run();
      await settled();
    }
    if (!over()) this.#now = Math.max(this.#now, until);
  }

  #push(event: Scheduled): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (byTime(heap[parent]!, event) <= 0) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = event;
  }

  #pop(): Scheduled {
    const heap = this.#heap;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length > 0) {
      let at = 0;
      for (;;) {
        let child = 2 * at + 1;
        if (child >= heap.length) break;
        if (child + 1 < heap.length && byTime(heap[child + 1]!, heap[child]!) < 0) child += 1;
        if (byTime(last, heap[child]!) <= 0) break;
        heap[at] = heap[child]!;
        at = child;
      }
      heap[at] = last;
    }
    return first;
  }
}

function byTime(a: Scheduled, b: Scheduled): number {
  return a.time - b.time || a.order - b.order;
}

/** Called by a microtask: Node empties the whole queue of microtasks before it comes to the next tick. */
function settled(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

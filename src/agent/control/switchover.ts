/** A switchover from being asked for to its end, as told to whoever asked. The decisions are the loop's (core/switchover.ts). */
import type { Refused, WorkEnd } from '../api/long-answer.js';
import { SWITCHOVER_WITHIN, switchoverRefusal } from '../core/switchover.js';
import type { Milliseconds, Snapshot } from '../core/types.js';
import { messageOf } from '../files.js';
import type { Clock } from '../ports.js';

const LOOKS_EVERY: Milliseconds = 50;

export interface SwitchoversContext {
  readonly clock: Clock;
  readonly snapshot: () => Snapshot | null;
  /** Asks the loop. */
  readonly handOver: (to: string | null) => void;
  /** Before the stop, whose own checkpoint then has little to write. */
  readonly checkpoint: () => Promise<void>;
}

export class Switchovers {
  #running = false;

  constructor(private readonly context: SwitchoversContext) {}

  ask(to: string | null, onLine: (line: string) => void): Refused | Promise<WorkEnd> {
    const refused = this.#running ? 'another switchover is under way' : refusalOf(this.context.snapshot(), to);
    if (refused !== null) return { refused };
    this.#running = true;
    return this.#run(to, onLine)
      .catch((error: unknown): WorkEnd => ({ ok: false, message: messageOf(error) }))
      .finally(() => { this.#running = false; });
  }

  async #run(to: string | null, onLine: (line: string) => void): Promise<WorkEnd> {
    const { clock, snapshot, handOver, checkpoint } = this.context;
    onLine('a checkpoint, so that the stop is short');
    await checkpoint();
    const refused = refusalOf(snapshot(), to);
    if (refused !== null) return { ok: false, message: refused };
    const asked = clock.now();
    handOver(to);
    onLine('the primary hands over');
    while (clock.now() - asked < SWITCHOVER_WITHIN) {
      await clock.sleep(LOOKS_EVERY);
      const end = endOf(snapshot(), asked);
      if (end === null) continue;
      if (end.ok) onLine(`instance ${end.leader} is the primary, ${Math.round(clock.now() - asked)} ms after the stop began`);
      return end.ok ? { ok: true } : end;
    }
    return { ok: false, message: `no other primary has been heard of for ${SWITCHOVER_WITHIN / 1000} s; look at the status of the cluster` };
  }
}

/** null when it can be begun. */
function refusalOf(s: Snapshot | null, to: string | null): string | null {
  if (s === null || s.lease.kind !== 'mine' || s.postgres.kind !== 'primary') {
    return s?.lease.kind === 'theirs' ? `this is not the primary: instance ${s.lease.holder.instance} leads` : 'this is not the primary, and nobody leads now';
  }
  return switchoverRefusal(s, to);
}

/** As far as this former primary sees; null while it has not come to an end. */
function endOf(s: Snapshot | null, asked: Milliseconds): { readonly ok: true; readonly leader: string } | { readonly ok: false; readonly message: string } | null {
  if (s === null || s.now <= asked) return null;
  if (s.lease.kind === 'theirs') {
    const { instance, podUid } = s.lease.holder;
    const leads = s.peers.some(({ report }) => report?.instance === instance && report.podUid === podUid && report.role === 'primary');
    return leads ? { ok: true, leader: instance } : null;
  }
  const again = s.lease.kind === 'mine' && s.postgres.kind === 'primary' && s.switchover === null;
  return again ? { ok: false, message: `nobody took over, and instance ${s.me.instance} is the primary again; its log and those of the others say why` } : null;
}

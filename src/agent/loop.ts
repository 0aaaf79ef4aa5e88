/**
 * The agent's loop: see, decide, act; again at every wake-up and at least every `TICK`.
 *
 * At most one action is in flight (I36). Only the fence does not wait for it. Renewing the Lease is not an action: it goes on beside
 * whatever else is done for as long as this instance holds it, because a long promotion or shutdown must not lose the lock.
 */
import { act, type ActionPorts } from './act.js';
import { decide } from './core/decide.js';
import { mayAcceptWrites } from './core/fence.js';
import { fenceAt, killAt } from './core/lease.js';
import type { Action, Decision, LeaderRecord, Me, Milliseconds, Snapshot, SpecView, Switchover } from './core/types.js';
import { isNoSpace } from './files.js';
import type { LeaseKeeper } from './lease-keeper.js';
import type { Clock, ClusterStates, Deadman, Journal, LocalPostgres, Peers, Volumes } from './ports.js';

export const TICK: Milliseconds = 250;
/** An action that failed is not tried again sooner; one that only waited for something is. */
const RETRY_AFTER: Milliseconds = 1_000;
/** A restore that fails may have fetched and replayed everything before: it is not tried again sooner than after as long as it took. */
const RETRY_RESTORE_AT_LATEST: Milliseconds = 3_600_000;
/** One that failed for want of room may have cost minutes and another instance's time, and room is made by people. */
const RETRY_WITHOUT_ROOM: Milliseconds = 30_000;

export interface LoopPorts {
  readonly clock: Clock;
  readonly lease: LeaseKeeper;
  readonly states: ClusterStates;
  readonly peers: Peers;
  readonly postgres: LocalPostgres;
  readonly volumes: Volumes;
  readonly deadman: Deadman;
  readonly journal: Journal;
  /** The newest spec that could be read; null before the first. */
  readonly spec: () => SpecView | null;
}

interface Flight {
  readonly action: Action;
  readonly abort: AbortController;
}

export class Loop {
  #leavingSince: Milliseconds | null = null;
  #flight: Flight | null = null;
  #stopAskedAt: Milliseconds | null = null;
  #crashedAt: Milliseconds | null = null;
  #handover: Snapshot['handover'] = 'pending';
  #rewindImpossible: string | null = null;
  #walRemoved: string | null = null;
  #surveyedAt: Milliseconds | null = null;
  #switchover: Switchover | null = null;
  #notBefore = new Map<Action['do'], Milliseconds>();
  #lastSaid = '';
  #armed = false;
  #exiting = false;
  #wake = new AbortController();
  #decision: Decision | null = null;
  #snapshot: Snapshot | null = null;

  constructor(
    private readonly ports: LoopPorts,
    private readonly me: Omit<Me, 'leavingSince'>,
    /** Called after every pass, with what was seen and decided. */
    private readonly passed: (snapshot: Snapshot, decision: Decision) => void = () => undefined,
  ) {
    ports.lease.onTightened((grant) => { if (this.#armed) this.ports.deadman.arm(killAt(grant)); });
    ports.postgres.onDeath(() => {
      this.#crashedAt = this.ports.clock.now();
      this.wake();
    });
  }

  get snapshot(): Snapshot | null { return this.#snapshot; }
  get decision(): Decision | null { return this.#decision; }

  /** Look again now. */
  wake(): void {
    this.#wake.abort();
  }

  /** The pod is told to stop. */
  leave(): void {
    this.#leavingSince ??= this.ports.clock.now();
    this.wake();
  }

  /** A person asks this leader to hand over: to that instance, or to whoever is best. It is forgotten as soon as it has come to an end, either way. */
  handOver(to: string | null): void {
    this.#switchover = { to, askedAt: this.ports.clock.now() };
    this.wake();
  }

  /** Runs until this instance has left. */
  async run(): Promise<void> {
    while (!this.#exiting) {
      this.#wake = new AbortController();
      await this.#pass();
      await this.ports.clock.sleep(TICK, this.#wake.signal);
    }
  }

  async #pass(): Promise<void> {
    const { spec, postgres, states, volumes } = this.ports;
    const settings = spec();
    if (settings === null) {
      if (this.#leavingSince !== null && postgres.view.postgres.kind === 'stopped') this.#exiting = true;
      return;
    }
    this.#keepLease(settings);
    await Promise.race([Promise.all([postgres.refresh(), volumes.refresh()]), this.ports.clock.sleep(TICK)]);
    await Promise.race([states.refresh(), this.ports.clock.sleep(TICK)]);

    const snapshot = this.#observe(settings);
    const decision = decide(snapshot);
    this.#snapshot = snapshot;
    this.#decision = decision;
    this.#arm(snapshot);
    this.#perform(decision, snapshot);
    this.passed(snapshot, decision);
  }

  #observe(spec: SpecView): Snapshot {
    const { clock, lease, states, peers, postgres, volumes } = this.ports;
    const { data, postgres: server } = postgres.view;
    if (server.kind === 'standby') {
      if (server.streaming) this.#walRemoved = null;
      else if (server.walRemoved) this.#walRemoved = 'the primary no longer has the WAL that this instance needs';
    }
    if (server.kind === 'primary' || server.kind === 'standby') this.#crashedAt = null;
    if (server.kind === 'stopped') this.#stopAskedAt = null;
    if (lease.view.kind !== 'mine') {
      this.#handover = 'pending';
      this.#switchover = null;
    }
    return {
      now: clock.now(),
      me: { ...this.me, leavingSince: this.#leavingSince },
      spec,
      data,
      postgres: server,
      lease: lease.view,
      apiSince: lease.apiSince,
      state: states.view,
      peers: peers.known,
      surveyedAt: this.#surveyedAt,
      crash: this.#crashedAt === null ? null : { at: this.#crashedAt },
      switchover: this.#switchover,
      handover: this.#handover,
      rebuild: this.#rewindImpossible ?? (server.kind === 'stopped' ? this.#walRemoved : null),
      full: volumes.full,
      stopAskedAt: this.#stopAskedAt,
    };
  }

  /** Reads the Lease when it is due, and renews it while it is held. */
  #keepLease(spec: SpecView): void {
    const { lease } = this.ports;
    const { timing } = spec;
    if (lease.view.kind === 'mine') {
      if (this.#flight?.action.do === 'releaseLease') return;
      if (lease.renewalDue(timing) || this.#sampleIsNews(lease.view.record.leader)) void lease.renew(this.#sample(), timing).then(() => this.wake());
    } else if (lease.readDue(timing.renewInterval)) {
      void lease.read();
    }
  }

  /** A new timeline is told at once: nobody on an older one may be elected from then on (I10, I28). */
  #sampleIsNews(leader: LeaderRecord): boolean {
    const { postgres } = this.ports.postgres.view;
    return postgres.kind === 'primary' && postgres.position.timeline > leader.timeline;
  }

  #sample(): Partial<LeaderRecord> {
    const { postgres } = this.ports.postgres.view;
    if (postgres.kind !== 'primary') return {};
    return { systemId: postgres.systemId, timeline: postgres.position.timeline, lsn: postgres.position.lsn, inherited: null };
  }

  /** The deadman follows the grant for as long as PostgreSQL may accept writes, and a little before (I6). */
  #arm(s: Snapshot): void {
    const { deadman } = this.ports;
    const running = mayAcceptWrites(s.postgres) || this.#flight?.action.do === 'promote' || this.#flight?.action.do === 'startPrimary';
    if (running && s.lease.kind === 'mine' && Number.isFinite(s.lease.grantedAt)) {
      deadman.arm(killAt(s.lease));
      this.#armed = true;
    } else if (this.#armed && !running && (s.postgres.kind !== 'stopped' || s.postgres.lockFree)) {
      deadman.disarm();
      this.#armed = false;
    }
  }

  #perform(decision: Decision, s: Snapshot): void {
    const { action, reason } = decision;
    const { journal, clock } = this.ports;
    const said = `${action.do}${action.do === 'wait' ? action.code : ''}: ${reason}`;
    if (action.do === 'wait') {
      if (said !== this.#lastSaid) journal.decided(action.code, reason);
      this.#lastSaid = said;
      return;
    }
    const urgent = action.do === 'stop' && mayAcceptWrites(s.postgres);
    if (this.#flight !== null && !urgent) {
      // A clone may take hours; whoever is told to leave does not wait for it.
      if (s.me.leavingSince !== null) this.#flight.abort.abort();
      return;
    }
    if (action.do === 'stop') {
      if (this.#flight?.action.do === 'stop' && this.#flight.action.mode === action.mode) return;
      this.#flight?.abort.abort();
      this.#stopAskedAt ??= clock.now();
    }
    if (clock.now() < (this.#notBefore.get(action.do) ?? -Infinity) && !urgent) return;
    // Never into a write that the grant may not outlast (I7).
    if ((action.do === 'promote' || action.do === 'startPrimary') && s.lease.kind === 'mine') {
      if (clock.now() >= fenceAt(s.lease)) return;
      this.ports.deadman.arm(killAt(s.lease));
      this.#armed = true;
    }
    if (said !== this.#lastSaid) journal.decided(action.do, reason, detailsOf(action));
    this.#lastSaid = said;
    this.#launch(action, s);
  }

  #launch(action: Exclude<Action, { do: 'wait' }>, s: Snapshot): void {
    const flight: Flight = { action, abort: new AbortController() };
    this.#flight = flight;
    const ports: ActionPorts = { ...this.ports, bootId: this.me.bootId };
    const launchedAt = this.ports.clock.now();
    act(action, s, ports, flight.abort.signal).then(
      (result) => {
        this.#notBefore.delete(action.do);
        this.#note(action, result, launchedAt);
      },
      (error: unknown) => {
        const now = this.ports.clock.now();
        this.#notBefore.set(action.do, now + retryAfter(action, now - launchedAt, error));
        if (action.do === 'fetchHandover') this.#handover = 'failed';
        this.ports.journal.failed(action.do, error);
      },
    ).finally(() => {
      if (this.#flight === flight) this.#flight = null;
      this.wake();
    });
  }

  #note(action: Action, result: string | null, launchedAt: Milliseconds): void {
    switch (action.do) {
      case 'survey':
        this.#surveyedAt = launchedAt;
        break;
      case 'rewind':
        this.#rewindImpossible = result;
        break;
      case 'setAside':
      case 'clone':
        this.#rewindImpossible = null;
        this.#walRemoved = null;
        break;
      case 'fetchHandover':
        this.#handover = 'done';
        break;
      case 'startPrimary':
        // Nobody could take over any more, and it is not tried again by itself.
        this.#switchover = null;
        break;
      case 'exit':
        this.#exiting = true;
        break;
      default:
        break;
    }
  }
}

/** How long an action that failed is left alone. */
export function retryAfter(action: Action, took: Milliseconds, error: unknown): Milliseconds {
  const least = isNoSpace(error) ? RETRY_WITHOUT_ROOM : RETRY_AFTER;
  return action.do === 'restore' ? Math.max(least, Math.min(took, RETRY_RESTORE_AT_LATEST)) : least;
}

function detailsOf(action: Action): object {
  return Object.fromEntries(Object.entries(action).filter(([key]) => key !== 'do'));
}

/** A scenario: one promise, and what has to happen for it to be kept. */
import type { Cluster } from './cluster';
import type { Ledger } from './ledger';
import type { Overlap, Probes } from './probes';
import type { Program } from './program';
import type { Standstill } from '../clients/standstill';
import type { Machine } from '../target/machine';

export interface Scenario {
  /** By which it is chosen; the name of its file. */
  readonly name: string;
  readonly promise: string;
  /** It disturbs all that runs on the machine, or is disturbed by it: nothing else runs meanwhile. */
  readonly alone?: boolean;
  /** It needs faults below Kubernetes, which only the test cluster of this repository can make. */
  readonly needsMachine?: boolean;
  /** Makes the tools that it needs, before anything else: inside the test cluster's network nothing can be fetched any more. */
  readonly buildTools?: () => Promise<void>;
  /**
   * What it begins with. A program: a cluster of its own made from that, whole, and the clients at work. `nothing`: an empty namespace. Left
   * out: a whole cluster that others have used before, and the clients at work.
   */
  readonly begins?: Program | 'nothing';
  /** With asynchronous replication, what was acknowledged and not yet sent is lost together with pod or node: counted, not refused. */
  readonly mayLose?: boolean;
  /** The fault takes the Lease away from a living primary, which must fence itself. */
  readonly fences?: boolean;
  /** Overlaps that the fault makes unavoidable (a thawed container) are judged by the scenario itself. */
  readonly judgesOverlaps?: boolean;
  run(trial: Trial): Promise<Figures | void>;
}

/** What was measured besides the outage. */
export type Figures = { readonly [name: string]: unknown };

export interface Trial {
  readonly cluster: Cluster;
  readonly ledger: Ledger;
  readonly probes: Probes;
  readonly machine: Machine;
  /** A step, for the person and for the log of the run. */
  step(text: string): void;
  overlaps(): Promise<readonly Overlap[]>;
  /** When the whole machine stood still, since the scenario began. */
  standstills(): Promise<readonly Standstill[]>;
  /** Starts the clients, where the scenario began with nothing; the ledger writes by that Service. */
  startClients(service?: string): Promise<void>;
  /** One more probe, on that node's own network. */
  probeFromNode(node: string): void;
}
